"""Covariances of Gaussian processes with all known crystals, outside the interpreter's lock.

The twin of `models.prediction.gaussian_process.Covariances`, tested equal to it. A distance is the
sum of squared differences, added up in portions: rounding would lose the digits which the process
needs in sums of products, or in one long sum.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from models.network.compiled.compiler import entry
from models.network.compiled.dense import (
    dense_linear,
    square_distances,
    to_distance,
    to_matern,
)
from models.network.compiled.layout import Single, aligned, padded
from models.network.compiled.rows import add_rows, clear
from models.prediction.gaussian_process import LOCAL, CovarianceSums, KnownCrystals

PORTION = 48  # inputs that are added up in one go
PANEL = 64  # known crystals at a time: what belongs to them stays in the cache
FAR_AWAY = 1e4  # place of those that fill the last panel: no covariance


class Known(NamedTuple):
    """Known crystals in panels.

    `inputs` [n_panels, n_portions, PORTION, PANEL]; `embeddings` [n_members, n_panels, width,
    PANEL]; `weights` [n_members, n_panels, PANEL]; `local` [n_panels, PANEL, n_sums].
    """

    inputs: Single
    embeddings: Single
    weights: Single
    local: Single


class CompiledCovariances:
    """Matern covariances with known crystals, ready to be summed; may be used from any thread."""

    def __init__(self, known: KnownCrystals) -> None:
        self._size, self._n_sums = known.local.shape
        n_panels = -(-self._size // PANEL)
        missing = (0, n_panels * PANEL - self._size)
        inputs = _in_portions(np.pad(known.inputs, (missing, (0, 0)), constant_values=FAR_AWAY))
        inputs = inputs.reshape(len(inputs), n_panels, PANEL, PORTION).transpose(1, 0, 3, 2)
        n_members, _, width = known.embeddings.shape
        embeddings = np.pad(known.embeddings, ((0, 0), missing, (0, 0)))
        embeddings = embeddings.reshape(n_members, n_panels, PANEL, width).swapaxes(2, 3)
        weights = np.pad(known.weights, ((0, 0), missing)).reshape(n_members, n_panels, PANEL)
        local = padded(np.pad(known.local, (missing, (0, 0))), (-1,)).reshape(n_panels, PANEL, -1)
        self._known = Known(*map(aligned, (inputs, embeddings, weights, local)))

    def __call__(self, inputs: Single, embeddings: Single) -> CovarianceSums:
        """Return the sums for inputs [n, n_inputs] and embeddings [n_members, n, width]."""
        shared, local, distance = sum_covariances(
            self._known, _in_portions(inputs), np.ascontiguousarray(embeddings), LOCAL
        )
        return CovarianceSums(shared, local[:, : self._n_sums], distance[:, : self._size])


def _in_portions(inputs: Single) -> Single:
    """Return inputs [n, n_inputs] as [n_portions, n, PORTION], zeros at the end."""
    missing = -inputs.shape[1] % PORTION
    portions = np.pad(inputs, ((0, 0), (0, missing))).reshape(len(inputs), -1, PORTION)
    return np.ascontiguousarray(portions.swapaxes(0, 1))


@entry
def sum_covariances(known: Known, inputs: Any, embeddings: Any, nearness: Any) -> Any:
    """Return shared sums, local sums and distances [n, n_panels * PANEL] for inputs in portions.

    The lengths of the local sums are shorter by `nearness`.
    """
    n_portions, n, _ = inputs.shape
    n_panels, _, n_sums = known.local.shape
    n_members = len(embeddings)
    shared = np.zeros((n, n_members), dtype=np.float64)
    local = np.zeros((n, n_sums), dtype=np.float64)
    distance = np.empty((n, n_panels * PANEL), dtype=np.float32)
    nothing = np.zeros((1, max(PANEL, n_sums)), dtype=np.float32)
    squares = np.empty((n, PANEL), dtype=np.float32)
    panel = np.empty((n, PANEL), dtype=np.float32)
    part = np.empty((n, n_sums), dtype=np.float32)
    for p in range(n_panels):
        clear(squares)
        for k in range(n_portions):
            square_distances(inputs[k], n, known.inputs[p, k], nothing, 0, panel)
            add_rows(panel, n, squares)
        for m in range(n_members):
            square_distances(embeddings[m], n, known.embeddings[m, p], squares, 1, panel)
            to_distance(panel, n)
            to_matern(panel, n)
            for row in range(n):
                shared[row, m] += _dot(panel[row], known.weights[m, p])
        to_distance(squares, n)
        for row in range(n):
            for i in range(PANEL):
                distance[row, p * PANEL + i] = squares[row, i]
                panel[row, i] = np.float32(nearness) * squares[row, i]
        to_matern(panel, n)
        dense_linear(panel, n, known.local[p], nothing, 0, part)
        for row in range(n):
            for i in range(n_sums):
                local[row, i] += part[row, i]
    return shared, local, distance


@njit(fastmath={"contract", "reassoc", "nsz"})  # type: ignore[untyped-decorator]
def _dot(first: Any, second: Any) -> Any:
    """Return the scalar product in double precision."""
    total = 0.0
    for i in range(PANEL):
        total += np.float64(first[i]) * np.float64(second[i])
    return total
