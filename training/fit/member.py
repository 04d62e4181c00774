"""The training of one member of one stage, in a process of its own."""

import logging
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from models.network.architecture import Architecture
from models.prediction.gaussian_process import FROM_NETWORK
from training.config import LossSettings
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
from training.fit.processes import read_process, train_processes
from training.fit.start import start_weights
from training.fit.targets import fit_target
from training.run import TrainingRun
from training.stages import Stage

logger = logging.getLogger(__name__)


def train_member(stage: Stage, number: int, run: TrainingRun, report: Report) -> None:
    """Train the member of this stage and split, or what is left of it; `report` each epoch."""
    if _is_finished(stage, number, run):
        return
    context = member_context(stage, number, run)
    member = read_member(context.directory) or train_network(context, report)
    if context.schedule.gaussian_process:
        train_processes(context, network_moduli(context, member))


def _is_finished(stage: Stage, number: int, run: TrainingRun) -> bool:
    directory = run.member_dir(stage.name, number)
    has_process = run.preset.has_process(stage.name, stage.dataset)
    return bool(read_member(directory)) and not (has_process and read_process(directory) is None)


def train_network(context: MemberContext, report: Report) -> FittedMember:
    """Return the member with its network fitted."""
    context.directory.mkdir(parents=True, exist_ok=True)
    member = fit_member(
        member_task(context),
        context.schedule,
        _optimiser(context),
        context.directory,
        report,
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


def network_moduli(context: MemberContext, member: FittedMember) -> NDArray[np.float32]:
    """Return the moduli that the member's network predicts [n_crystals, 2], standardised."""
    columns = [context.preset.outputs.index(name) for name in FROM_NETWORK]
    return _targets(context, member)[:, columns].astype(np.float32)


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
