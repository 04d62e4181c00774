"""Rotationally invariant order parameters of the neighbors.

Squared bond-orientational order parameters as of Steinhardt, Nelson and Ronchetti, Phys. Rev. B 28,
784 (1983), for l = 1, 2, 3, 4, 6: an octahedron, a tetrahedron and a triangle differ in them. They
are Legendre polynomials of the angles between bonds, whose powers are contractions of monomials.
"""

from itertools import combinations_with_replacement
from math import factorial, prod

import numpy as np

from models.crystal.neighbors import Neighbors
from models.descriptors.bond_valence import bond_strengths
from models.smooth import Floats

DEGREES = (1, 2, 3, 4, 6)
KINDS = ("shell", "valence", "wide")  # how neighbors are weighted
WIDTHS = {f"{kind}_order_{degree}": 0.05 for kind in KINDS for degree in DEGREES}


def _axes(degree: int) -> list[tuple[int, ...]]:
    """Return the monomials of a degree, each as the axes that are multiplied."""
    return list(combinations_with_replacement(range(3), degree))


def _coefficient(axes: tuple[int, ...]) -> float:
    """Return the multinomial coefficient of a monomial."""
    return factorial(len(axes)) / prod(factorial(axes.count(axis)) for axis in range(3))


_MONOMIALS = [axes for degree in DEGREES for axes in _axes(degree)]
_PLACE = {axes: place for place, axes in enumerate(_MONOMIALS)}
_FACTORS = [  # of each degree, where its monomials are, and two that each is a product of
    (
        [_PLACE[axes] for axes in _axes(degree)],
        [_PLACE[axes[: degree // 2]] for axes in _axes(degree)],
        [_PLACE[axes[degree // 2 :]] for axes in _axes(degree)],
    )
    for degree in DEGREES[1:]
]
_SUMS = np.array(
    [[_coefficient(axes) * (len(axes) == degree) for degree in DEGREES] for axes in _MONOMIALS]
)
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


def order_columns(neighbors: Neighbors, shell: Floats) -> list[Floats]:
    """Return the columns [n_sites] of `WIDTHS`; `shell` [n_pairs]: weights of the first shell.

    Of the first shell, of all neighbors by the strengths of their bonds, and of all by the inverse
    squares of their distances.
    """
    near = (neighbors.nearest[neighbors.center] / neighbors.distance) ** 2
    weights = np.stack([shell, bond_strengths(neighbors), near * neighbors.weight], axis=1)
    monomials = _monomials_of(neighbors.direction)
    ends = [*neighbors.first[1:].tolist(), len(weights)]
    sums = np.stack(  # [n_sites, 65, len(KINDS)]
        [
            monomials[:, first:end] @ weights[first:end]
            for first, end in zip(neighbors.first.tolist(), ends, strict=True)
        ]
    )
    cosines = np.swapaxes(sums**2, 1, 2) @ _SUMS / neighbors.total(weights)[:, :, None] ** 2
    orders = cosines @ _LEGENDRE.T + _CONSTANTS
    return list(orders.reshape(len(orders), -1).T)


def _monomials_of(direction: Floats) -> Floats:
    """Return all monomials [65, n_pairs] of unit vectors [n_pairs, 3]."""
    monomials = np.empty((len(_MONOMIALS), len(direction)))
    monomials[:3] = direction.T
    for places, first, second in _FACTORS:
        monomials[places] = monomials[first] * monomials[second]
    return monomials
