"""Rotationally invariant order parameters of the neighbors.

Squared bond-orientational order parameters as of Steinhardt, Nelson and Ronchetti, Phys. Rev. B 28,
784 (1983), for l = 1, 2, 3, 4, 6: an octahedron, a tetrahedron and a triangle differ in them. They
are Legendre polynomials of the angles between bonds, whose powers are contractions of monomials.
"""

from itertools import combinations_with_replacement
from math import factorial, prod
from typing import Any

import numpy as np
from numba import njit

from models.compiling.compiler import entry, inner
from models.descriptors.compiled.pairs import Pairs
from models.smooth import Floats

DEGREES = (1, 2, 3, 4, 6)
KINDS = ("shell", "valence", "wide")  # how neighbors are weighted
N_DEGREES, HIGHEST, N_KINDS = len(DEGREES), max(DEGREES), len(KINDS)
WIDTHS = {f"{kind}_order_{degree}": 0.05 for kind in KINDS for degree in DEGREES}


def _axes(degree: int) -> list[tuple[int, ...]]:
    """Return the monomials of a degree, each as the axes that are multiplied."""
    return list(combinations_with_replacement(range(3), degree))


def _coefficient(axes: tuple[int, ...]) -> float:
    """Return the multinomial coefficient of a monomial."""
    return factorial(len(axes)) / prod(factorial(axes.count(axis)) for axis in range(3))


_MONOMIALS = [axes for degree in DEGREES for axes in _axes(degree)]
_POWERS = np.array([[axes.count(axis) for axis in range(3)] for axes in _MONOMIALS])
_DEGREE = np.array([DEGREES.index(len(axes)) for axes in _MONOMIALS])
_COEFFICIENTS = np.array([_coefficient(axes) for axes in _MONOMIALS])
_LEGENDRE = np.array(  # polynomials of each degree [5, 5] in powers DEGREES of the cosine
    [
        [1, 0, 0, 0, 0],
        [0, 3 / 2, 0, 0, 0],
        [-3 / 2, 0, 5 / 2, 0, 0],
        [0, -30 / 8, 0, 35 / 8, 0],
        [0, 105 / 16, 0, -315 / 16, 231 / 16],
    ]
)
_CONSTANTS = np.array([0, -1 / 2, 0, 3 / 8, -5 / 16])


def order_columns(pairs: Pairs, shell: Floats, strengths: Floats) -> Floats:
    """Return the columns [n_sites, n_columns] of `WIDTHS`.

    Of the first shell by its weights [n_pairs], of all neighbors by the strengths of their bonds
    [n_pairs], and of all by the inverse squares of their distances.
    """
    cosines = mean_cosines(pairs, shell, strengths, _POWERS, _DEGREE, _COEFFICIENTS)
    orders: Floats = cosines @ _LEGENDRE.T + _CONSTANTS
    columns: Floats = orders.reshape(len(orders), -1)
    return columns


@entry
def mean_cosines(
    pairs: Any, shell: Any, strengths: Any, powers: Any, degree: Any, coefficients: Any
) -> Any:
    """Return mean powers of the cosines of the angles between bonds [n_sites, n_kinds, n_degrees].

    Of the monomials: `powers` [n, 3] of the three axes, index of the `degree` [n], `coefficients`
    [n].
    """
    n_sites, most = len(pairs.number), np.diff(pairs.first).max()
    means = np.zeros((n_sites, N_KINDS, N_DEGREES))
    raised, weights = np.empty((3, HIGHEST + 1, most)), np.empty((N_KINDS, most))
    for site in range(n_sites):
        n = _collect(pairs, shell, strengths, site, raised, weights)
        for i in range(len(degree)):
            x, y, z = raised[0, powers[i, 0]], raised[1, powers[i, 1]], raised[2, powers[i, 2]]
            sums = _sums(x, y, z, weights, n)
            for kind in range(N_KINDS):
                means[site, kind, degree[i]] += coefficients[i] * sums[kind] ** 2
        for kind in range(N_KINDS):
            means[site, kind] /= weights[kind, :n].sum() ** 2
    return means


@inner
def _collect(pairs: Any, shell: Any, strengths: Any, site: Any, raised: Any, weights: Any) -> Any:
    """Write powers of the directions to a site's neighbors, and weights; return their number."""
    first = pairs.first[site]
    n = pairs.first[site + 1] - first
    for k in range(n):
        pair = first + k
        weights[0, k], weights[1, k] = shell[pair], strengths[pair]
        weights[2, k] = (pairs.nearest[site] / pairs.distance[pair]) ** 2 * pairs.weight[pair]
        for axis in range(3):
            raised[axis, 0, k] = 1.0
            for power in range(HIGHEST):
                raised[axis, power + 1, k] = raised[axis, power, k] * pairs.direction[pair, axis]
    return n


@njit(fastmath={"contract", "reassoc", "nsz"})  # type: ignore[untyped-decorator]
def _sums(x: Any, y: Any, z: Any, weights: Any, n: Any) -> Any:
    """Return the weighted sums of a monomial over n pairs."""
    shell, valence, wide = 0.0, 0.0, 0.0
    for k in range(n):
        value = x[k] * y[k] * z[k]
        shell += weights[0, k] * value
        valence += weights[1, k] * value
        wide += weights[2, k] * value
    return shell, valence, wide
