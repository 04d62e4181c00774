"""The training of one member of one stage, in a process of its own."""

import logging
import time
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from models.network.architecture import Architecture
from training.config import LossSettings
from training.fit.checkpoint import EpochRecord
from training.fit.context import MemberContext, member_context
from training.fit.loop import (
    FittedMember,
    MemberTask,
    Report,
    fit_member,
    predict_rows,
    read_member,
)
from training.fit.objectives import objective
from training.fit.optimiser import Optimiser
from training.fit.processes import has_process, train_process
from training.fit.start import start_weights
from training.fit.targets import fit_target
from training.run import TrainingRun
from training.stages import Stage

logger = logging.getLogger(__name__)
REPORT_SECONDS = 10.0


def train_member(stage: Stage, number: int, run: TrainingRun) -> None:
    """Train the member of this stage and split, or what is left of it."""
    if _is_finished(stage, number, run):
        return
    context = member_context(stage, number, run)
    if read_member(context.directory) is None:
        train_network(context)
    if context.schedule.gaussian_process:
        train_process(context)


def _is_finished(stage: Stage, number: int, run: TrainingRun) -> bool:
    directory = run.member_dir(stage.name, number)
    wanted = run.preset.has_process(stage.name, stage.dataset)
    return bool(read_member(directory)) and (has_process(directory) or not wanted)


def train_network(context: MemberContext) -> FittedMember:
    """Return the member with its network fitted."""
    context.directory.mkdir(parents=True, exist_ok=True)
    member = fit_member(
        member_task(context),
        context.schedule,
        _optimiser(context),
        context.directory,
        _reporter(context),
        context.preset.checkpoint_seconds,
    )
    logger.info("%s: done, %s", context.title, member.best)
    return member


def member_task(context: MemberContext) -> MemberTask:
    """Return what the member's network is fitted to, and the weights it starts from."""
    target = fit_target(context, partial(_parent_answers, context))
    rows = context.split
    return MemberTask(
        graphs=context.data.graphs,
        ltc=target.ltc,
        labels=target.labels,
        constants=target.constants,
        train=rows.train,
        choice=rows.validation if context.preset.protocol == "paper" else rows.inner,
        transforms=target.transforms,
        start=start_weights(context, target.transforms[0]),
        seed=context.seed,
    )


def _parent_answers(context: MemberContext) -> NDArray[np.float64]:
    """Return what the parent predicts for all crystals [n_crystals, n_outputs], in their units."""
    if context.parent is None:
        raise ValueError("This member has no parent.")
    columns = zip(context.parent.transforms, _targets(context, context.parent).T, strict=True)
    return np.stack([transform.decode(column) for transform, column in columns], axis=1)


def _targets(context: MemberContext, member: FittedMember) -> NDArray[np.float64]:
    """Return a network's standardised targets for all crystals [n_crystals, n_outputs]."""
    graphs = context.data.graphs
    return predict_rows(graphs, np.arange(len(graphs)), _optimiser(context), member.weights)


def _optimiser(context: MemberContext) -> Optimiser:
    return _compiled_optimiser(context.preset.architecture, context.preset.loss)


@lru_cache(maxsize=1)
def _compiled_optimiser(architecture: Architecture, loss: LossSettings) -> Optimiser:
    """Return the process's optimiser: compiling one takes seconds, members share it."""
    return Optimiser(architecture, objective(loss, architecture.outputs))


def _reporter(context: MemberContext) -> Report:
    """Return a function that logs an epoch's errors, rate and time left, at most every 10 s."""
    last = time.monotonic()
    epochs = context.schedule.epochs

    def report(record: EpochRecord) -> None:
        nonlocal last
        if time.monotonic() - last < REPORT_SECONDS:
            return
        last = time.monotonic()
        left = (epochs - record.epoch - 1) * record.seconds
        chosen = "" if record.chosen_on is None else f", chosen on {record.chosen_on:.3f}"
        logger.info(
            "%s: epoch %d of %d, train %.3f%s, %.1f s an epoch, %d min %02d s left",
            *(context.title, record.epoch + 1, epochs, record.train, chosen, record.seconds),
            *divmod(round(left), 60),
        )

    return report
