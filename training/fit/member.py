"""One member of one stage: its rows, its target, its start; run in a process of its own."""

import logging
import os
import threading
import time
from functools import lru_cache, partial

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.errors import DataError
from models.network.architecture import Architecture, weight_shapes
from models.network.transform import TargetTransform
from training.config import Loss, Preset, Schedule
from training.data.catalogue import PUBLISHED_SETS
from training.data.graphs import GraphDataset, ltc_formulas, read_graphs
from training.data.splits import Split, grouped_split, published_split, with_unsplit_rows
from training.fit.checkpoint import EpochRecord
from training.fit.labels import FitTarget, fit_target, multi_target
from training.fit.loop import (
    FittedMember,
    MemberTask,
    Report,
    fit_member,
    predict_rows,
    read_member,
)
from training.fit.objectives import LogError, Mape
from training.fit.optimiser import Optimiser, Vector
from training.fit.parameters import pack, to_weights
from training.fit.processes import MemberData, train_process
from training.fit.start import megnet_start, random_start, rescale_output
from training.fit.targets import fit_transforms, label_table, remember
from training.run import TrainingRun
from training.stages import RANDOM, Stage

logger = logging.getLogger(__name__)
REPORT_SECONDS = 10.0


def prepare_worker(preset: Preset, parent: int) -> None:
    """Give this process one core: members, not operations, are what runs side by side."""
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if preset.deterministic:
        tf.config.experimental.enable_op_determinism()


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has gone: a resumed run must not meet it at work."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def train_member(stage: Stage, split: int, run: TrainingRun) -> None:
    """Train the member of this stage and split, or what is left of it."""
    _train_network(stage, split, run)
    if run.preset.has_process(stage.name, stage.dataset):
        train_process(
            f"{stage.name} split {split}",
            member_data(stage, split, run),
            run.member_dir(stage.name, split),
        )


def member_data(stage: Stage, split: int, run: TrainingRun) -> MemberData:
    """Return the stage's data as a member sees them; its network must be trained."""
    data = read_graphs(stage.dataset, run.data_dir)
    member = read_member(run.member_dir(stage.name, split))
    if member is None:
        raise DataError(f"{stage.name} split {split} is not trained in {run.run_dir}.")
    return MemberData(
        data=data,
        rows=member_split(stage, split, run).train,
        outputs=run.preset.outputs,
        targets=lambda: member_targets(member, data, run.preset),
        seed=run.member_seed(split),
    )


def _train_network(stage: Stage, split: int, run: TrainingRun) -> None:
    schedule = run.preset.schedule(stage.name, stage.dataset)
    run_dir = run.member_dir(stage.name, split)
    if read_member(run_dir):
        return
    run_dir.mkdir(parents=True, exist_ok=True)
    optimiser = _optimiser(run.preset)
    task = member_task(stage, split, run)
    report = _reporter(f"{stage.name} split {split}", schedule)
    member = fit_member(task, schedule, optimiser, run_dir, report, run.preset.checkpoint_seconds)
    logger.info("%s split %d: done, %s", stage.name, split, member.best)


def _optimiser(preset: Preset) -> Optimiser:
    """Return the process's optimiser: tracing one takes seconds, members share it."""
    return _traced_optimiser(preset.architecture, preset.loss)


@lru_cache(maxsize=1)
def _traced_optimiser(architecture: Architecture, loss: Loss) -> Optimiser:
    objective = Mape() if loss == "mape" else LogError(architecture.outputs)
    return Optimiser(architecture, objective)


def member_task(stage: Stage, split: int, run: TrainingRun) -> MemberTask:
    """Return what the member of this stage and split is fitted to; its parent must be trained."""
    data = read_graphs(stage.dataset, run.data_dir)
    rows = member_split(stage, split, run)
    parent = read_member(run.member_dir(stage.parent, split)) if stage.parent else None
    target = _target(stage, rows, data, run, parent)
    return MemberTask(
        graphs=data.graphs,
        ltc=target.ltc,
        labels=target.labels,
        constants=target.constants,
        train=rows.train,
        choice=rows.validation if run.preset.protocol == "paper" else rows.inner,
        transforms=target.transforms,
        start=_start(stage, split, run, parent, target.transforms[0]),
        seed=run.member_seed(split),
    )


def member_split(stage: Stage, split: int, run: TrainingRun) -> Split:
    """Return the rows of the stage's data set that the member is fitted to and kept from."""
    data = read_graphs(stage.dataset, run.data_dir)
    if run.preset.splits == "grouped":
        return grouped_split(
            data.formulas(), ltc_formulas(run.data_dir), split, labelled=np.isfinite(data.ltc)
        )
    schedule = run.preset.schedule(stage.name, stage.dataset)
    sizes = [
        size
        for name, size in zip(data.part_names, data.parts, strict=True)
        if name in PUBLISHED_SETS
    ]
    published = published_split(tuple(sizes), split, schedule.inner_fraction)
    return with_unsplit_rows(published, data.formulas())


def _target(
    stage: Stage, rows: Split, data: GraphDataset, run: TrainingRun, parent: FittedMember | None
) -> FitTarget:
    preset = run.preset
    if preset.loss == "mape":
        transform = parent.transform if parent else None
        return fit_target(preset.protocol, data.ltc, data.parts, rows.training, transform)
    weights = preset.schedule(stage.name, stage.dataset).weights
    table = label_table(data.dataset.crystals, data.owners(), preset.outputs)
    transforms = fit_transforms(table, rows.training, parent.transforms if parent else None)
    if parent:
        earlier = partial(_answers, parent, data, preset)
        table = remember(table, preset.outputs, weights, earlier)
    return multi_target(table, transforms, preset.outputs, weights)


def member_targets(member: FittedMember, data: GraphDataset, preset: Preset) -> NDArray[np.float64]:
    """Return a network's standardised targets for all crystals [n_crystals, n_outputs]."""
    rows = np.arange(len(data.graphs))
    return predict_rows(data.graphs, rows, _optimiser(preset), member.weights)


def _answers(member: FittedMember, data: GraphDataset, preset: Preset) -> NDArray[np.float64]:
    """Return what a network says of all crystals [n_crystals, n_outputs], in the outputs' units."""
    columns = zip(member.transforms, member_targets(member, data, preset).T, strict=True)
    return np.stack([transform.decode(column) for transform, column in columns], axis=1)


def _start(
    stage: Stage,
    split: int,
    run: TrainingRun,
    parent: FittedMember | None,
    transform: TargetTransform,
) -> Vector:
    preset, shapes = run.preset, weight_shapes(run.preset.architecture)
    if parent:
        if preset.loss == "log":
            return parent.weights
        weights = to_weights(parent.weights, shapes)
        return pack(rescale_output(weights, parent.transform, transform), shapes)
    seed = run.member_seed(split)
    if stage.start == RANDOM:
        weights = random_start(preset.architecture, seed)
    else:
        weights = megnet_start(preset.architecture, seed, run.megnet_weights)
    if preset.descriptors:
        center, scale = read_graphs(stage.dataset, run.data_dir).descriptor_scale()
        weights |= {"descriptors.mean": center, "descriptors.scale": scale}
    return pack(weights, shapes)


def _reporter(title: str, schedule: Schedule) -> Report:
    """Return a function that logs an epoch's errors, rate and time left, at most every 10 s."""
    last = time.monotonic()

    def report(record: EpochRecord) -> None:
        nonlocal last
        if time.monotonic() - last < REPORT_SECONDS:
            return
        last = time.monotonic()
        left = (schedule.epochs - record.epoch - 1) * record.seconds
        chosen = "" if record.chosen_on is None else f", chosen on {record.chosen_on:.3f}"
        logger.info(
            "%s: epoch %d of %d, train %.3f%s, %.1f s an epoch, %d min %02d s left",
            *(title, record.epoch + 1, schedule.epochs, record.train, chosen, record.seconds),
            *divmod(round(left), 60),
        )

    return report
