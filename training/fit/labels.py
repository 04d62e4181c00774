"""The LTC a member is fitted to, and the transform it is fitted through, under either protocol.

The published code standardises each data set with its own constants, over all its rows, and MIX's
two halves each with their own; the loss takes this back with the constants of the *model*: MIX's
for both halves, and at stage 3 AFLOW's for everything. The network is thereby fitted to other
values than the data hold. Writing down those values is all it takes to follow the procedure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.network.transform import TargetTransform
from training.config import Protocol
from training.data.splits import Rows
from training.fit.targets import standardise


@dataclass(frozen=True)
class FitTarget:
    """What a member is fitted to: its objective's labels and constants, a transform an output.

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


def mape_target(ltc: NDArray[np.float64], transform: TargetTransform) -> FitTarget:
    """Return the target for `training.fit.objectives.Mape`."""
    constants = np.array([transform.mean, transform.std], dtype=np.float32)
    return FitTarget(ltc, (transform,), ltc.astype(np.float32), constants)


def multi_target(
    table: NDArray[np.float64],
    transforms: tuple[TargetTransform, ...],
    outputs: Sequence[str],
    weights: Mapping[str, float],
) -> FitTarget:
    """Return the target for `LogError`, of references [n_crystals, n_outputs]."""
    labels = standardise(table, transforms)
    constants = np.array([weights.get(output, 0.0) for output in outputs], dtype=np.float32)
    return FitTarget(table[:, 0], transforms, labels, constants)


def fit_target(
    protocol: Protocol,
    ltc: NDArray[np.float64],
    parts: Sequence[int],
    training_rows: Rows,
    parent: TargetTransform | None,
) -> FitTarget:
    """Return what a member is fitted to.

    `parts` are the sizes of the data sets joined in `ltc`; `parent` is the transform of the member
    that the fit starts from, if any.
    """
    if protocol == "honest":
        return mape_target(ltc, TargetTransform.fit(ltc[training_rows]))
    transform = parent or TargetTransform.fit(ltc)
    return mape_target(published_ltc(ltc, parts, transform), transform)


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
