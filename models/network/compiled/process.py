"""Covariances of a Gaussian process with all known crystals, outside the interpreter's lock.

The twin of `models.network.covariances.Covariances`, tested equal to it. A distance is the
sum of squared differences: in sums of products, rounding would lose the digits which the process
needs.
"""

import itertools
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from models.compiling.compiler import entry, inner
from models.cores import split_work
from models.network.compiled.kernels.dense import (
    dense_linear,
    square_distances,
    to_distance,
    to_matern,
)
from models.network.compiled.kernels.rows import add_rows, clear, copy_rows
from models.network.compiled.layout import Single, aligned, padded
from models.network.covariances import ITSELF, LOCAL, CovarianceSums, KnownCrystals

PANEL = 64  # known crystals at a time: what belongs to them stays in the cache
N_PARTS = 4  # that cores may share; always so many, as sums depend on how they are split


class Known(NamedTuple):
    """Known crystals in panels; those that fill the last one have weights of zero.

    `points` [n_panels, n_members, width, PANEL]; `weights` [n_panels, n_members, PANEL]; `local`
    [n_panels, PANEL, n_local].
    """

    points: Single
    weights: Single
    local: Single


class CompiledCovariances:
    """Matern covariances with known crystals, ready to be summed; may be used from any thread."""

    def __init__(self, known: KnownCrystals) -> None:
        n_members, self._size, width = known.points.shape
        self._n_local = known.local_weights.shape[1]
        n_panels = -(-self._size // PANEL)
        rest = (0, n_panels * PANEL - self._size)
        points = np.pad(known.points, ((0, 0), rest, (0, 0)))
        panels = points.reshape(n_members, n_panels, PANEL, width)
        weights = np.pad(known.weights, ((0, 0), rest)).reshape(n_members, n_panels, PANEL)
        local = padded(np.pad(known.local_weights, (rest, (0, 0))), (1,))
        panelled = Known(
            aligned(panels.transpose(1, 0, 3, 2)),
            aligned(weights.swapaxes(0, 1)),
            aligned(local.reshape(n_panels, PANEL, local.shape[1])),
        )
        parts = zip(*(np.array_split(array, N_PARTS) for array in panelled), strict=True)
        self._parts = [Known(*part) for part in parts]

    def __call__(self, points: Single) -> CovarianceSums:
        """Return the sums for crystals at points [n_members, n, width]."""
        places = np.ascontiguousarray(points)
        by_core = split_work(
            lambda first, end: [sum_covariances(part, places) for part in self._parts[first:end]],
            N_PARTS,
            alone=places.shape[1] == 1,
        )
        sums, local, distance = zip(*itertools.chain.from_iterable(by_core), strict=True)
        distances = np.concatenate(distance, axis=1)
        return CovarianceSums(sum(sums), sum(local)[:, : self._n_local], distances[:, : self._size])


@entry
def sum_covariances(known: Known, points: Any) -> Any:
    """Return sums [n, n_members] and [n, n_local], and distances [n, n_panels * PANEL]."""
    n_members, n, _ = points.shape
    n_panels, _, n_local = known.local.shape
    sums = np.zeros((n, n_members), dtype=np.float64)
    local = np.zeros((n, n_local), dtype=np.float64)
    distance = np.empty((n, n_panels * PANEL), dtype=np.float32)
    nothing = np.zeros((1, max(PANEL, n_local)), dtype=np.float32)
    squares = np.empty((n, PANEL), dtype=np.float32)
    panel = np.empty((n, PANEL), dtype=np.float32)
    part = np.empty((n, n_local), dtype=np.float32)
    for p in range(n_panels):
        clear(squares)
        for m in range(n_members):
            square_distances(points[m], n, known.points[p, m], nothing, 0, panel)
            add_rows(panel, n, squares)
            to_distance(panel, n)
            to_matern(panel, n)
            for row in range(n):
                sums[row, m] += _product(panel[row], known.weights[p, m])
        _divide(squares, np.float32(n_members))
        to_distance(squares, n)
        copy_rows(squares, distance, p * PANEL)
        _to_local_weight(squares, n, panel)
        dense_linear(panel, n, known.local[p], nothing, 0, part)
        for row in range(n):
            for i in range(n_local):
                local[row, i] += part[row, i]
    return sums, local, distance


@inner
def _divide(values: Any, by: Any) -> None:
    for row in range(len(values)):
        for i in range(PANEL):
            values[row, i] /= by


@inner
def _to_local_weight(distance: Any, n: Any, weight: Any) -> None:
    """Write `models.network.covariances.local_weight`; what comes as distances is used up."""
    for row in range(n):
        for i in range(PANEL):
            weight[row, i] = np.float32(LOCAL) * distance[row, i]
            distance[row, i] *= np.float32(ITSELF)
    to_matern(weight, n)
    to_matern(distance, n)
    for row in range(n):
        for i in range(PANEL):
            weight[row, i] *= np.float32(1) - distance[row, i]


@njit(fastmath={"contract", "reassoc", "nsz"})  # type: ignore[untyped-decorator]
def _product(first: Any, second: Any) -> Any:
    """Return the scalar product in double precision."""
    total = 0.0
    for i in range(PANEL):
        total += np.float64(first[i]) * np.float64(second[i])
    return total
