"""Covariances of a Gaussian process with all known crystals, outside the interpreter's lock.

The twin of `models.network.covariances.Covariances`, tested equal to it. A distance is the
sum of squared differences, added up in portions: rounding would lose the digits which the process
needs in sums of products, or in one long sum.
"""

from typing import Any, NamedTuple

import numpy as np

from models.network.compiled.compiler import entry, inner
from models.network.compiled.dense import square_distances, to_distance, to_matern
from models.network.compiled.layout import Single, aligned, padded
from models.network.compiled.rows import add_rows, clear
from models.network.covariances import ITSELF, LOCAL, CovarianceSums, KnownCrystals

PORTION = 48  # inputs that are added up in one go
PANEL = 64  # known crystals at a time: what belongs to them stays in the cache
FAR_AWAY = 1e4  # place of those that fill the last panel: no covariance


class Known(NamedTuple):
    """Known crystals in panels.

    `inputs` [n_panels, n_portions, PORTION, PANEL]; `embeddings` [n_panels, n_members, 16, PANEL];
    `weights` [n_panels, n_members, PANEL]; `local` [n_panels, PANEL, n_local].
    """

    inputs: Single
    embeddings: Single
    weights: Single
    local: Single


class CompiledCovariances:
    """Matern covariances with known crystals, ready to be summed; may be used from any thread."""

    def __init__(self, known: KnownCrystals) -> None:
        self._size, self._n_local = known.local_weights.shape
        n_panels = -(-self._size // PANEL)
        rest = (0, n_panels * PANEL - self._size)
        inputs = np.pad(known.inputs, (rest, (0, 0)), constant_values=FAR_AWAY)
        portions = _in_portions(inputs).reshape(-1, n_panels, PANEL, PORTION)
        n_members, _, width = known.embeddings.shape
        embeddings = np.pad(known.embeddings, ((0, 0), rest, (0, 0)))
        panels = embeddings.reshape(n_members, n_panels, PANEL, width)
        weights = np.pad(known.weights, ((0, 0), rest)).reshape(n_members, n_panels, PANEL)
        local = padded(np.pad(known.local_weights, (rest, (0, 0))), (-1,))
        self._known = Known(
            aligned(portions.transpose(1, 0, 3, 2)),
            aligned(panels.transpose(1, 0, 3, 2)),
            aligned(weights.swapaxes(0, 1)),
            aligned(local.reshape(n_panels, PANEL, -1)),
        )

    def __call__(self, scaled: Single, embedded: Single) -> CovarianceSums:
        """Return the sums for descriptors [n, n_inputs] and embeddings [n_members, n, 16]."""
        sums, local, distance = sum_covariances(self._known, _in_portions(scaled), embedded)
        return CovarianceSums(sums, local[:, : self._n_local], distance[:, : self._size])


def _in_portions(inputs: Single) -> Single:
    """Return inputs [n, n_inputs] as [n_portions, n, PORTION], zeros at the end."""
    missing = -inputs.shape[1] % PORTION
    portions = np.pad(inputs, ((0, 0), (0, missing))).reshape(len(inputs), -1, PORTION)
    return np.ascontiguousarray(portions.swapaxes(0, 1))


@entry
def sum_covariances(known: Known, inputs: Any, embedded: Any) -> Any:
    """Return sums [n, n_members] and [n, n_local], and distances [n, n_panels * PANEL].

    `inputs`: in portions; `embedded` [n_members, n, 16].
    """
    n_portions, n, _ = inputs.shape
    n_panels, n_members, _ = known.weights.shape
    sums = np.zeros((n, n_members), dtype=np.float64)
    local = np.zeros((n, known.local.shape[2]), dtype=np.float64)
    nothing = np.zeros((1, PANEL), dtype=np.float32)
    squares = np.empty((n, PANEL), dtype=np.float32)
    panel = np.empty((n, PANEL), dtype=np.float32)
    distance = np.empty((n, n_panels * PANEL), dtype=np.float32)
    for p in range(n_panels):
        clear(panel)
        for k in range(n_portions):
            square_distances(inputs[k], n, known.inputs[p, k], nothing, 0, squares)
            add_rows(squares, n, panel)
        for m in range(n_members):
            square_distances(embedded[m], n, known.embeddings[p, m], nothing, 0, squares)
            add_rows(panel, n, squares)
            to_distance(squares, n)
            to_matern(squares, n)
            for row in range(n):
                sums[row, m] += _product(squares[row], known.weights[p, m])
        to_distance(panel, n)
        for row in range(n):
            for i in range(PANEL):
                distance[row, p * PANEL + i] = panel[row, i]
                squares[row, i] = np.float32(ITSELF) * panel[row, i]
                panel[row, i] *= np.float32(LOCAL)
        to_matern(panel, n)
        to_matern(squares, n)
        for row in range(n):
            for j in range(PANEL):
                weight = np.float64(panel[row, j]) * (1 - np.float64(squares[row, j]))
                _add_scaled(known.local[p, j], weight, local[row])
    return sums, local, distance


@inner
def _product(values: Any, weights: Any) -> Any:
    """Return the scalar product of two rows in double precision, in four parts."""
    a = b = c = d = 0.0
    for i in range(0, PANEL, 4):
        a += np.float64(values[i]) * weights[i]
        b += np.float64(values[i + 1]) * weights[i + 1]
        c += np.float64(values[i + 2]) * weights[i + 2]
        d += np.float64(values[i + 3]) * weights[i + 3]
    return (a + b) + (c + d)


@inner
def _add_scaled(values: Any, scale: Any, total: Any) -> None:
    for i in range(len(total)):
        total[i] += scale * values[i]
