"""Rotationally invariant order parameters of the neighbors.

Squared bond-orientational order parameters as of Steinhardt, Nelson and Ronchetti, Phys. Rev. B 28,
784 (1983), for l = 1, 2, 3, 4, 6: an octahedron, a tetrahedron and a triangle differ in them. They
are Legendre polynomials of the angles between bonds, whose powers are contractions of monomials.
"""

from itertools import combinations_with_replacement
from math import factorial

import numpy as np

from models.crystal.neighbors import Neighbors
from models.descriptors.bond_valence import bond_strengths
from models.smooth import Floats

DEGREES = (1, 2, 3, 4, 6)
KINDS = ("shell", "valence", "wide")  # how neighbors are weighted
WIDTHS = {f"{kind}_order_{degree}": 0.05 for kind in KINDS for degree in DEGREES}


def _monomials(degree: int) -> tuple[list[list[int]], list[float]]:
    """Return the exponents of x, y, z of each monomial, and their multinomial coefficients."""
    axes = combinations_with_replacement(range(3), degree)
    exponents = [[chosen.count(axis) for axis in range(3)] for chosen in axes]
    counts = [np.prod([factorial(power) for power in powers]) for powers in exponents]
    return exponents, [factorial(degree) / count for count in counts]


_EXPONENTS, _COEFFICIENTS = (
    np.concatenate(parts) for parts in zip(*map(_monomials, DEGREES), strict=True)
)
_OF_DEGREE = np.repeat(DEGREES, [(d + 1) * (d + 2) // 2 for d in DEGREES])
_SUMS = (_OF_DEGREE[:, None] == np.array(DEGREES)) * _COEFFICIENTS[:, None]
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


def order_columns(neighbors: Neighbors, first: Neighbors) -> list[Floats]:
    """Return the columns [n_sites] of `WIDTHS`; `first`: the first shell.

    Of the first shell, of all neighbors by the strengths of their bonds, and of all by the inverse
    squares of their distances.
    """
    near = (neighbors.nearest[neighbors.center] / neighbors.distance) ** 2
    monomials = _monomials_of(neighbors)
    strengths = bond_strengths(neighbors)
    return [
        *_order(first, _monomials_of(first), first.weight),
        *_order(neighbors, monomials, strengths),
        *_order(neighbors, monomials, near * neighbors.weight),
    ]


def _monomials_of(neighbors: Neighbors) -> Floats:
    """Return all monomials [n_pairs, 65] of the directions."""
    powers = neighbors.direction.T ** np.arange(max(DEGREES) + 1)[:, None, None]
    x, y, z = (powers[_EXPONENTS[:, axis], axis] for axis in range(3))
    return np.ascontiguousarray((x * y * z).T)


def _order(neighbors: Neighbors, monomials: Floats, weight: Floats) -> Floats:
    """Return the order parameters [5, n_sites]."""
    sums = neighbors.total(monomials * weight[:, None])
    cosines = sums**2 @ _SUMS / neighbors.total(weight)[:, None] ** 2
    orders: Floats = (cosines @ _LEGENDRE.T + _CONSTANTS).T
    return orders
