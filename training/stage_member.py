"""One member of one stage: its rows, its target, its start; run in a process of its own."""

import logging
import time
from functools import lru_cache

import tensorflow as tf

from models.architecture import Architecture, weight_shapes
from training.checkpoint import EpochRecord
from training.config import Preset, Schedule
from training.graphs import read_graphs
from training.labels import fit_target
from training.member import MemberTask, Report, fit_member, read_member
from training.optimiser import Optimiser
from training.parameters import pack, to_weights
from training.run import TrainingRun
from training.splits import published_split
from training.stages import RANDOM, Stage
from training.start import megnet_start, random_start, rescale_output

logger = logging.getLogger(__name__)
REPORT_SECONDS = 10.0


def prepare_worker(preset: Preset) -> None:
    """Give this process one core: members, not operations, are what runs side by side."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if preset.deterministic:
        tf.config.experimental.enable_op_determinism()


def train_member(stage: Stage, split: int, run: TrainingRun) -> None:
    """Train the member of this stage and split, or what is left of it."""
    schedule = run.preset.schedule(stage.name, stage.dataset)
    run_dir = run.member_dir(stage.name, split)
    run_dir.mkdir(parents=True, exist_ok=True)
    optimiser = _optimiser(Architecture(mlp=run.preset.mlp))
    task = member_task(stage, split, run)
    report = _reporter(f"{stage.name} split {split}", schedule)
    member = fit_member(task, schedule, optimiser, run_dir, report, run.preset.checkpoint_seconds)
    logger.info("%s split %d: done, %s", stage.name, split, member.best)


@lru_cache(maxsize=1)
def _optimiser(architecture: Architecture) -> Optimiser:
    return Optimiser(architecture)


def member_task(stage: Stage, split: int, run: TrainingRun) -> MemberTask:
    """Return what the member of this stage and split is fitted to; its parent must be trained."""
    data = read_graphs(stage.dataset, run.data_dir)
    rows = published_split(data.parts, split, run.preset.inner_fraction)
    parent = read_member(run.member_dir(stage.parent, split)) if stage.parent else None
    target = fit_target(
        run.preset.protocol,
        data.ltc,
        data.parts,
        rows.training,
        parent.transform if parent else None,
    )
    architecture = Architecture(mlp=run.preset.mlp)
    seed = run.preset.seed * 1000 + split
    if parent:
        weights = to_weights(parent.weights, weight_shapes(architecture))
        weights = rescale_output(weights, parent.transform, target.transform)
    elif stage.start == RANDOM:
        weights = random_start(architecture, seed)
    else:
        weights = megnet_start(architecture, seed, run.megnet_weights)
    return MemberTask(
        graphs=data.graphs,
        ltc=target.ltc,
        train=rows.train,
        choice=rows.validation if run.preset.protocol == "paper" else rows.inner,
        transform=target.transform,
        start=pack(weights, weight_shapes(architecture)),
        seed=seed,
    )


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
