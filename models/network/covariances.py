"""Covariances of two crystals by their distance, and sums of those with known crystals.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), Eqs. 2.25, 4.9 and
4.17.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.network.arrays import Single

SQRT_3 = 3**0.5
LOCAL = 6.0  # lengths of the local sums are this much shorter
ITSELF = 20.0  # and those within which a known crystal is the crystal itself

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class KnownCrystals:
    """What covariances with known crystals are summed from.

    `points` [n_members, n_known, width]: where each member has them, one length of the covariance
    being one; `weights` [n_members, n_known] of each member's sum; `local_weights`
    [n_known, n_local].
    """

    points: Single
    weights: Single
    local_weights: Single


class CovarianceSums(NamedTuple):
    """Sums over known crystals, and the distances to them [n_crystals, n_known].

    `sums` [n_crystals, n_members]: of Matern functions of the members' distances; `local`
    [n_crystals, n_local]: of `local_weight` of the distance, which is the root of the mean over the
    members of their squared distances.
    """

    sums: Numbers
    local: Numbers
    distance: Single


SumCovariances = Callable[[Single], CovarianceSums]  # as `Covariances` is called
CovariancesWith = Callable[[KnownCrystals], SumCovariances]  # as `Covariances` is made


class Covariances:
    """Matern covariances with known crystals, ready to be summed.

    Large terms of both signs cancel in the sums, which are therefore in double precision.
    """

    def __init__(self, known: KnownCrystals) -> None:
        self._points, self._weights = known.points.astype(float), known.weights.astype(float)
        self._local = known.local_weights.astype(float)

    def __call__(self, points: Single) -> CovarianceSums:
        """Return the sums for crystals at points [n_members, n, width]."""
        pairs = zip(points, self._points, strict=True)
        squares = np.stack([_squares(own, known) for own, known in pairs])
        members = zip(matern(np.sqrt(squares)), self._weights, strict=True)
        sums = np.stack([covariances @ weights for covariances, weights in members], axis=1)
        distance = np.sqrt(squares.mean(axis=0))
        local = local_weight(distance) @ self._local
        return CovarianceSums(sums, local, distance.astype(np.float32))


def matern(distance: Numbers) -> Numbers:
    """Return the Matern function (nu = 3/2), one at no distance."""
    scaled = SQRT_3 * distance
    value: Numbers = (1 + scaled) * np.exp(-scaled)
    return value


def squared_exponential(distance: Numbers) -> Numbers:
    """Return the squared exponential function, one at no distance."""
    value: Numbers = np.exp(-(distance**2) / 2)
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
