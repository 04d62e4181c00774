"""Targets of a member's network, under either protocol.

With the log loss: the logarithms of all outputs that a data set has labels for. Labels of one
quantity from methods that disagree are outputs of their own: AFLOW's AGL estimates, and Dataset2's
half-Heusler calculations, which differ from Phonix's of the same crystals by 38 % in the mean.

With the paper's loss: the LTC. The published code standardises each data set with its own
constants, over all its rows, and MIX's two halves each with their own; its loss goes back to LTC
with the constants of the *model*: MIX's for both halves, and at stage 3 AFLOW's for everything. The
network is thereby fitted to other values than the data hold. Fitting those values follows the
procedure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.manifest import Protocol
from models.network.transform import TargetTransform
from training.config import HELD_OUT
from training.data.labels import Labels, label_table
from training.data.splits import Rows
from training.fit.context import MemberContext

Answers = Callable[[], Labels]  # of the parent, for all crystals and outputs, in their units


@dataclass(frozen=True)
class FitTarget:
    """Labels and constants of the loss, and the transform of each output.

    `ltc` [n_crystals] in W/(m K) is the first output's reference as the fit sees it.
    """

    ltc: NDArray[np.float64]
    transforms: tuple[TargetTransform, ...]
    labels: NDArray[np.float32]
    constants: NDArray[np.float32]

    @property
    def transform(self) -> TargetTransform:
        """The transform of the first output."""
        return self.transforms[0]


def fit_target(context: MemberContext, parent_answers: Answers) -> FitTarget:
    """Return the target of the member's network."""
    preset, data, parent = context.preset, context.data, context.parent
    rows = context.split.training
    if preset.loss.kind == "mape":
        transform = parent.transform if parent else None
        return ltc_target(preset.protocol, data.ltc, data.parts, rows, transform)
    weights = context.schedule.weights
    table = label_table(data.dataset.crystals, data.owners(), preset.outputs)
    transforms = fit_transforms(table, rows, parent.transforms if parent else None)
    if parent:
        table = with_parent_answers(table, preset.outputs, weights, parent_answers)
    return log_target(table, transforms, preset.outputs, weights)


def ltc_target(
    protocol: Protocol,
    ltc: NDArray[np.float64],
    parts: Sequence[int],
    training_rows: Rows,
    parent: TargetTransform | None,
) -> FitTarget:
    """Return the target of the paper's loss.

    `parts` are the sizes of the data sets joined in `ltc`; `parent` is the transform of the member
    that the fit starts from, if any.
    """
    if protocol == HELD_OUT:
        return mape_target(ltc, TargetTransform.fit(ltc[training_rows]))
    transform = parent or TargetTransform.fit(ltc)
    return mape_target(published_ltc(ltc, parts, transform), transform)


def mape_target(ltc: NDArray[np.float64], transform: TargetTransform) -> FitTarget:
    """Return the target of `training.fit.network.objectives.Mape`."""
    constants = np.array([transform.mean, transform.std], dtype=np.float32)
    return FitTarget(ltc, (transform,), ltc.astype(np.float32), constants)


def published_ltc(
    ltc: NDArray[np.float64], parts: Sequence[int], transform: TargetTransform
) -> NDArray[np.float64]:
    """Return the LTC that the published code compares a model of this transform with.

    Each part is standardised with its own constants and un-standardised with the model's.
    """
    halves = np.split(ltc, np.cumsum(parts)[:-1])
    targets = np.concatenate([TargetTransform.fit(half).encode(half) for half in halves])
    published: NDArray[np.float64] = 10 ** (targets * transform.std + transform.mean) - 1
    return published


def log_target(
    table: Labels,
    transforms: tuple[TargetTransform, ...],
    outputs: Sequence[str],
    weights: Mapping[str, float],
) -> FitTarget:
    """Return the target of the log loss, of references [n_crystals, n_outputs]."""
    labels = standardise(table, transforms)
    constants = np.array([weights.get(output, 0.0) for output in outputs], dtype=np.float32)
    return FitTarget(table[:, 0], transforms, labels, constants)


def with_parent_answers(
    table: Labels, outputs: Sequence[str], weights: Mapping[str, float], answers: Answers
) -> Labels:
    """Return the references, with the parent's answers for outputs that have weight but none.

    So that what the stage before has learned is kept. Source: Li and Hoiem, Learning without
    Forgetting (arXiv 1606.09282).
    """
    known = np.isfinite(table).sum(axis=0).tolist()
    columns = [i for i, name in enumerate(outputs) if not known[i] and weights.get(name, 0.0) > 0]
    if not columns:
        return table
    filled = table.copy()
    filled[:, columns] = answers()[:, columns]
    return filled


def fit_transforms(
    table: Labels, training_rows: Rows, parent: Sequence[TargetTransform] | None
) -> tuple[TargetTransform, ...]:
    """Return for each output the transform of its logarithm over the training rows.

    An output without references there keeps its parent's, or the identity for want of one.
    """
    earlier = parent or (TargetTransform(0.0, 1.0, 0.0),) * table.shape[1]
    columns = (column[np.isfinite(column)] for column in table[training_rows].T)
    return tuple(
        TargetTransform.fit(column, offset=0.0) if len(column) else inherited
        for column, inherited in zip(columns, earlier, strict=True)
    )


def standardise(table: Labels, transforms: Sequence[TargetTransform]) -> NDArray[np.float32]:
    """Return the standardised logarithms [n_crystals, n_outputs], NaN where there is none."""
    columns = [t.encode(column) for t, column in zip(transforms, table.T, strict=True)]
    return np.stack(columns, axis=1).astype(np.float32)
