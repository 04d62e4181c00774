"""Matern covariances (nu = 5/2) with known crystals, and their sums.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), Eqs. 2.25 and 4.17.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.network.arrays import Single

SQRT_5 = 5**0.5
LOCAL = 3.0  # lengths of the local sums are this much shorter
ITSELF = 10.0  # and those within which a known crystal is the crystal itself

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class KnownCrystals:
    """What covariances with known crystals are summed from.

    `inputs` [n_known, n_inputs] and `embeddings` [n_members, n_known, 16], over their lengths;
    `weights` [n_members, n_known] of each member's sum; `local_weights` [n_known, n_local].
    """

    inputs: Single
    embeddings: Single
    weights: Single
    local_weights: Single


class CovarianceSums(NamedTuple):
    """Sums over known crystals, and the distances to them [n_crystals, n_known].

    `sums` [n_crystals, n_members]: of Matern functions of descriptors and embedding; `local`
    [n_crystals, n_local]: of `local_weight` of the distance.
    """

    sums: Numbers
    local: Numbers
    distance: Single


SumCovariances = Callable[[Single, Single], CovarianceSums]  # as `Covariances` is called
CovariancesWith = Callable[[KnownCrystals], SumCovariances]  # as `Covariances` is made


class Covariances:
    """Matern covariances with known crystals, ready to be summed.

    Large terms of both signs cancel in the sums, which are therefore in double precision.
    """

    def __init__(self, known: KnownCrystals) -> None:
        self._inputs, self._embeddings = known.inputs.astype(float), known.embeddings.astype(float)
        self._weights, self._local = known.weights.astype(float), known.local_weights.astype(float)

    def __call__(self, scaled: Single, embedded: Single) -> CovarianceSums:
        """Return the sums for descriptors [n, n_inputs] and embeddings [n_members, n, 16].

        Both are over their lengths.
        """
        squares = _squares(scaled, self._inputs)
        members = zip(embedded, self._embeddings, self._weights, strict=True)
        sums = [
            matern(np.sqrt(squares + _squares(own, known))) @ weights
            for own, known, weights in members
        ]
        distance = np.sqrt(squares)
        local = local_weight(distance) @ self._local
        return CovarianceSums(np.stack(sums, axis=1), local, distance.astype(np.float32))


def matern(distance: Numbers) -> Numbers:
    """Return the Matern function (nu = 5/2), one at no distance."""
    scaled = SQRT_5 * distance
    value: Numbers = (1 + scaled + scaled * scaled / 3) * np.exp(-scaled)
    return value


def local_weight(distance: Numbers) -> Numbers:
    """Return the weight in local sums: of crystals close by, and none of the crystal itself."""
    weight: Numbers = matern(LOCAL * distance) * (1 - matern(ITSELF * distance))
    return weight


def _squares(points: Single, known: Numbers) -> Numbers:
    """Return the squared distances [n, n_known] of points [n, width] to others."""
    exact = points.astype(float)
    squares = (exact**2).sum(axis=1)[:, None] + (known**2).sum(axis=1) - 2 * exact @ known.T
    positive: Numbers = np.maximum(squares, 0)
    return positive
