"""Averages over the symmetry operations of a crystal."""

from typing import Any

import numpy as np

from models.compiling.compiler import entry, inner
from models.crystal.compiled.lengths import largest_length

ORDERS = 5  # of a proper rotation: 2, 3, 4, 6 and 1, by its trace from -1 to 3
IDENTITY = 3  # the trace of the proper part of an inversion


@entry
def average(
    metric: Any, positions: Any, rotation: Any, image: Any, residual: Any, weight: Any
) -> Any:
    """Return lattice [3, 3] and positions [n, 3] averaged over operations, and the largest shift.

    `image` [m, n], `residual` [m, n, 3]: as of `Operations`; the shift is in A.
    """
    share = weight / weight.sum()
    mean, placed = np.zeros((3, 3)), positions.copy()
    for operation in range(len(share)):
        _add_turned(rotation[operation], metric, share[operation], mean)
        for site in range(len(positions)):
            for a in range(3):
                placed[image[operation, site], a] += share[operation] * residual[operation, site, a]
    return _lattice(mean), placed, largest_length(placed - positions, metric)


@inner
def _add_turned(rotation: Any, metric: Any, share: Any, mean: Any) -> None:
    for a in range(3):
        for b in range(3):
            total = 0.0
            for c in range(3):
                for d in range(3):
                    total += rotation[c, a] * metric[c, d] * rotation[d, b]
            mean[a, b] += share * total


@inner
def _lattice(metric: Any) -> Any:
    """Return the lower triangular vectors of a metric (Cholesky's decomposition)."""
    lattice = np.zeros((3, 3))
    for a in range(3):
        for b in range(a + 1):
            rest = metric[a, b]
            for c in range(b):
                rest -= lattice[a, c] * lattice[b, c]
            lattice[a, b] = np.sqrt(rest) if a == b else rest / lattice[b, b]
    return lattice


@entry
def count_operations(rotation: Any, weight: Any) -> Any:
    """Return the weights of proper rotations by their order, of improper ones, of the inversion.

    `rotation` [m, 3, 3], `weight` [m]; the first is [`ORDERS`], the last of the best inversion.
    """
    orders, improper, inversion = np.zeros(ORDERS), 0.0, 0.0
    for operation in range(len(weight)):
        r = rotation[operation]
        sign = (
            r[0, 0] * (r[1, 1] * r[2, 2] - r[1, 2] * r[2, 1])
            - r[0, 1] * (r[1, 0] * r[2, 2] - r[1, 2] * r[2, 0])
            + r[0, 2] * (r[1, 0] * r[2, 1] - r[1, 1] * r[2, 0])
        )
        trace = sign * (r[0, 0] + r[1, 1] + r[2, 2])
        orders[trace + 1] += weight[operation]
        if sign < 0:
            improper += weight[operation]
            if trace == IDENTITY:
                inversion = max(inversion, weight[operation])
    return orders, improper, inversion
