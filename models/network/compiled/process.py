"""Covariances of a Gaussian process with all known crystals, outside the interpreter's lock.

The twin of `models.prediction.gaussian_process.Covariances`, tested equal to it. A distance is the
sum of squared differences, added up in portions: rounding would lose the digits which the process
needs in sums of products, or in one long sum.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.network.compiled.compiler import entry, inner
from models.network.compiled.dense import square_distances, to_distance, to_matern
from models.network.compiled.layout import Single, aligned, padded
from models.network.compiled.rows import add_rows, clear

PORTION = 48  # inputs that are added up in one go
PANEL = 64  # known crystals at a time: what belongs to them stays in the cache
FAR_AWAY = 1e4  # place of those that fill the last panel: no covariance


class Known(NamedTuple):
    """Known crystals in panels.

    `inputs` [n_panels, n_portions, PORTION, PANEL]; `weights` [n_panels, PANEL, n_sums].
    """

    inputs: Single
    weights: Single


class CompiledCovariances:
    """Matern covariances with known crystals, ready to be summed; may be used from any thread."""

    def __init__(self, known: Single, weights: Single) -> None:
        self._size, self._n_sums = weights.shape
        n_panels = -(-self._size // PANEL)
        rest = ((0, n_panels * PANEL - self._size), (0, 0))
        inputs = _in_portions(np.pad(known, rest, constant_values=FAR_AWAY))
        inputs = inputs.reshape(len(inputs), n_panels, PANEL, PORTION).transpose(1, 0, 3, 2)
        sums = padded(np.pad(weights, rest), (-1,)).reshape(n_panels, PANEL, -1)
        self._known = Known(aligned(inputs), aligned(sums))

    def __call__(self, scaled: Single) -> tuple[NDArray[np.float64], Single]:
        """Return sums over the known crystals [n, n_sums] and distances to them [n, n_known]."""
        sums, distance = sum_covariances(self._known, _in_portions(scaled))
        return sums[:, : self._n_sums], distance[:, : self._size]


def _in_portions(inputs: Single) -> Single:
    """Return inputs [n, n_inputs] as [n_portions, n, PORTION], zeros at the end."""
    missing = -inputs.shape[1] % PORTION
    portions = np.pad(inputs, ((0, 0), (0, missing))).reshape(len(inputs), -1, PORTION)
    return np.ascontiguousarray(portions.swapaxes(0, 1))


@entry
def sum_covariances(known: Known, inputs: Any) -> Any:
    """Return sums [n, n_sums] and distances [n, n_panels * PANEL] for inputs in portions."""
    n_portions, n, _ = inputs.shape
    n_panels, _, n_sums = known.weights.shape
    sums = np.zeros((n, n_sums), dtype=np.float64)
    nothing = np.zeros((1, PANEL), dtype=np.float32)
    squares = np.empty((n, PANEL), dtype=np.float32)
    panel = np.empty((n, PANEL), dtype=np.float32)
    distance = np.empty((n, n_panels * PANEL), dtype=np.float32)
    for p in range(n_panels):
        clear(panel)
        for k in range(n_portions):
            square_distances(inputs[k], n, known.inputs[p, k], nothing, 0, squares)
            add_rows(squares, n, panel)
        to_distance(panel, n)
        for row in range(n):
            for i in range(PANEL):
                distance[row, p * PANEL + i] = panel[row, i]
        to_matern(panel, n)
        for row in range(n):
            for j in range(PANEL):
                _add_scaled(known.weights[p, j], np.float64(panel[row, j]), sums[row])
    return sums, distance


@inner
def _add_scaled(values: Any, scale: Any, total: Any) -> None:
    for i in range(len(total)):
        total[i] += scale * values[i]
