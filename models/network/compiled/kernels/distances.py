"""What a bond's distance alone decides, read from a table by cubic interpolation.

The Gaussians of a distance, the two layers on them and the bond's part of the first update are
smooth functions of one number. A table of them spares a third of a forward pass.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.compiling.compiler import inlined, inner
from models.network.architecture import FARTHEST_GAUSSIAN, GAUSSIAN_WIDTH, N_GAUSSIANS
from models.network.compiled.kernels.dense import dense_linear

STEPS = 512  # in an angstrom; a power of two, so that places between points are exact
FARTHEST = 8.0  # A; all Gaussians are below 1e-15 from there on
N_POINTS = int(FARTHEST * STEPS) + 4  # one before zero, three beyond the last

Double = NDArray[np.float64]


def gaussians_of_points() -> Double:
    """Return the Gaussians [n_points, 100] at the tables' points."""
    return expand_distance((np.arange(N_POINTS) - 1) / STEPS)


def expand_distance(distance: Double) -> Double:
    """Return distances [n] in A as Gaussians [n, 100] on 0 to 5 A."""
    centers = np.linspace(0.0, FARTHEST_GAUSSIAN, N_GAUSSIANS)
    return np.exp(-(((distance[:, None] - centers) / GAUSSIAN_WIDTH) ** 2))


@inlined
def look_up(tables: Any, m: Any, distance: Any, bonds: Any, hidden: Any) -> None:
    """Write the bonds' features [n, 32]; add to `hidden` [n, 64] what they add to an update."""
    weights = np.empty((1, 4), dtype=np.float32)
    for b in range(len(distance)):
        place = min(distance[b] * np.float32(STEPS), np.float32(FARTHEST * STEPS))
        point = int(place)
        _cubic(place - np.float32(point), weights)
        # Interpolation is a layer, its kernel four rows of the table.
        near = tables.bonds[m, point : point + 4]
        dense_linear(weights, 1, near, tables.nothing, 0, bonds[b : b + 1])
        near = tables.hidden[m, point : point + 4]
        dense_linear(weights, 1, near, hidden[b : b + 1], 0, hidden[b : b + 1])


@inner
def _cubic(x: Any, weights: Any) -> None:
    """Write Lagrange's weights of the points at -1, 0, 1 and 2 for 0 <= x <= 1."""
    one, two = np.float32(1), np.float32(2)
    sixth, half = np.float32(1 / 6), np.float32(1 / 2)
    weights[0, 0] = -sixth * x * (x - one) * (x - two)
    weights[0, 1] = half * (x + one) * (x - one) * (x - two)
    weights[0, 2] = -half * (x + one) * x * (x - two)
    weights[0, 3] = sixth * (x + one) * x * (x - one)
