"""The training of one member of one stage, in a process of its own."""

import logging
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.descriptors.describe import NAMES
from models.errors import DataError
from models.network.architecture import Architecture, weight_shapes
from models.network.batch import NetworkInput
from training.config import LossSettings, Preset
from training.data.methods import method_masks
from training.fit.context import MemberContext, member_context
from training.fit.frozen.embedding import StandardisedEmbedding, embed
from training.fit.frozen.estimates import MemberEstimates, estimate_ltc
from training.fit.frozen.heads import (
    HeadTask,
    fit_heads,
    has_heads,
    input_weights,
    write_heads,
)
from training.fit.frozen.inputs import join_inputs
from training.fit.frozen.processes import has_process, train_covariance, train_process
from training.fit.network.loop import (
    FittedMember,
    MemberTask,
    Report,
    fit_member,
    predict_rows,
    read_member,
    write_member,
)
from training.fit.network.objectives import objective
from training.fit.network.optimiser import Optimiser
from training.fit.network.parameters import to_weights
from training.fit.start import start_weights
from training.fit.targets import fit_target
from training.run import TrainingRun
from training.stages import Stage

logger = logging.getLogger(__name__)


def train_member(stage: Stage, number: int, run: TrainingRun, report: Report) -> None:
    """Train the member of this stage and split, or what is left of it; `report` each epoch."""
    directory = run.member_dir(stage.name, number)
    if _is_finished(directory, stage, run.preset):
        return
    schedule = run.preset.schedule(stage.name, stage.dataset)
    context = member_context(stage, number, run)
    directory.mkdir(parents=True, exist_ok=True)
    if read_member(directory) is None:
        _keep_parent(context) if schedule.heads else train_network(context, report)
    if schedule.heads and not has_heads(directory):
        train_heads(context)
    if schedule.gaussian_process and not has_process(directory):
        embedded = embedding(context)
        train_process(context, embedded, estimates(context, embedded))


def _is_finished(directory: Path, stage: Stage, preset: Preset) -> bool:
    if read_member(directory) is None:
        return False
    if not preset.has_schedule(stage.name, stage.dataset):
        return True  # placed there from an exported ensemble
    schedule = preset.schedule(stage.name, stage.dataset)
    return (has_heads(directory) or not schedule.heads) and (
        has_process(directory) or not schedule.gaussian_process
    )


def _keep_parent(context: MemberContext) -> None:
    """Take the network of the stage before as it is."""
    if context.parent is None:
        raise DataError(f"{context.title} has heads but no stage before; give its stage a parent.")
    write_member(context.parent, context.directory)


def train_heads(context: MemberContext) -> None:
    """Fit the member's heads to its training rows, and write them."""
    rows, data, embedded = context.split.train, context.data, embedding(context)
    covariance = train_covariance(context, embedded)
    inputs = np.concatenate([join_inputs(context, data, embedded), method_masks(data).T], axis=1)
    task = HeadTask(
        inputs[rows].astype(np.float32),
        np.log10(data.ltc[rows]),
        input_weights(covariance.rate, len(embedded.center), inputs.shape[1]),
        context.seed,
    )
    arrays = fit_heads(task, context.preset.heads, context.schedule)
    known = {"embedding_center": embedded.center, "embedding_scale": embedded.scale}
    write_heads(arrays | known, context.directory)
    logger.info("%s: heads fitted to %d crystals", context.title, len(rows))


def embedding(context: MemberContext) -> StandardisedEmbedding:
    """Return the embedding of all crystals by the member's network, standardised."""
    values, exported = _embed(context, context.data.graphs), context.exported
    if exported:
        center, scale = exported.embedding_center, exported.embedding_scale
        return StandardisedEmbedding.by(values, center, scale)
    return StandardisedEmbedding.over(values, context.split.train)


def estimates(context: MemberContext, embedded: StandardisedEmbedding) -> MemberEstimates:
    """Return the member's estimates from phonons; `embedded`: the references' embedding."""
    graphs = context.unlabelled.graphs
    if not graphs:
        return MemberEstimates.none(len(NAMES) + len(embedded.center))
    values = _embed(context, graphs)
    unlabelled = StandardisedEmbedding.by(values, embedded.center, embedded.scale)
    covariance = train_covariance(context, embedded)
    return estimate_ltc(context, embedded, unlabelled, covariance)


def _embed(context: MemberContext, graphs: Sequence[NetworkInput]) -> NDArray[np.float32]:
    """Return the embedding [n_crystals, 16] by the member's network."""
    network = context.parent or trained_network(context)
    return embed(to_weights(network.weights, weight_shapes(context.preset.architecture)), graphs)


def trained_network(context: MemberContext) -> FittedMember:
    """Return the member's network. Raises DataError where it is not trained."""
    member = read_member(context.directory)
    if member is None:
        raise DataError(f"{context.title} is not trained in {context.directory}.")
    return member


def train_network(context: MemberContext, report: Report) -> FittedMember:
    """Return the member with its network fitted."""
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
