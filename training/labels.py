"""The LTC a member is fitted to, and the transform it is fitted through, under either protocol.

The published code standardises each data set with its own constants, over all its rows, and MIX's
two halves each with their own; the loss takes this back with the constants of the *model*: MIX's
for both halves, and at stage 3 AFLOW's for everything. The network is thereby fitted to other
values than the data hold. Writing down those values is all it takes to follow the procedure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.transform import TargetTransform
from training.config import Protocol
from training.splits import Rows


@dataclass(frozen=True)
class FitTarget:
    """LTC [n_crystals] in W/(m K) as the fit sees it, and the transform to standardise it with."""

    ltc: NDArray[np.float64]
    transform: TargetTransform


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
        return FitTarget(ltc, TargetTransform.fit(ltc[training_rows]))
    transform = parent or TargetTransform.fit(ltc)
    return FitTarget(published_ltc(ltc, parts, transform), transform)


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
