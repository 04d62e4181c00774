"""Neighbors: pairs of atoms up to a cutoff."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure
from pymatgen.optimization.neighbors import find_points_in_spheres

from models.errors import IsolatedAtom

REACH = 6.0  # A; cutoff of descriptors
CUTOFF = 4.0  # A; MEGNet's
CUTOFF_SLACK = 1e-5  # A; a pair at 4 A sharp is a bond however its cell was rounded
SAME_DISTANCE = 1e-4  # A; bonds that differ by less are of one length
SAME_PLACE = 1e-8  # A; a pair closer than this is one atom and itself
FARTHEST = 10.0  # A; end of the search for an isolated atom's neighbors


@dataclass(frozen=True)
class Neighbors:
    """Directed pairs of every atom in a cell, sorted by `center`, to `neighbor`: site numbers.

    `distance` [n_pairs] in A; `vector` [n_pairs, 3] from the center to the neighbor in A.
    """

    center: NDArray[np.int64]
    neighbor: NDArray[np.int64]
    distance: NDArray[np.float64]
    vector: NDArray[np.float64]

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """First pair of each atom [n_atoms]; every atom has some."""
        return np.searchsorted(self.center, np.arange(self.center[-1] + 1))

    @cached_property
    def nearest(self) -> NDArray[np.float64]:
        """The distance [n_atoms] in A of each atom's nearest neighbor."""
        return np.minimum.reduceat(self.distance, self.first)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Neighbors":
        """Return the pairs that a mask [n_pairs] or their numbers choose."""
        return Neighbors(
            self.center[which], self.neighbor[which], self.distance[which], self.vector[which]
        )


def find_neighbors(structure: Structure) -> Neighbors:
    """Return all pairs up to 6 A; an atom with none gets its nearest neighbors.

    Raises IsolatedAtom when an atom has no neighbor within 10 A.
    """
    near = _pairs_within(structure, REACH + CUTOFF_SLACK)
    if not _isolated(near, len(structure)).size:
        return near
    far = _pairs_within(structure, FARTHEST)
    for atom in _isolated(far, len(structure)):
        raise IsolatedAtom(
            f"Site {atom} has no neighbor within {FARTHEST:g} A; check the cell's lengths, "
            "and send a crystal rather than a molecule in a box."
        )
    return _within(far, REACH + CUTOFF_SLACK)


def _isolated(pairs: Neighbors, n_sites: int) -> NDArray[np.int64]:
    return np.setdiff1d(np.arange(n_sites), pairs.center)


def within_cutoff(neighbors: Neighbors) -> Neighbors:
    """Return the pairs up to 4 A; an atom with none keeps its nearest neighbors.

    Without this rule the network would not see the distances around such an atom at all.
    """
    return _within(neighbors, CUTOFF + CUTOFF_SLACK)


def _within(pairs: Neighbors, radius: float) -> Neighbors:
    """Return the pairs up to `radius`, or an atom's nearest where it has none as close."""
    nearest = pairs.nearest
    reach = np.where(nearest > radius, nearest + SAME_DISTANCE, radius)
    return pairs.chosen(pairs.distance <= reach[pairs.center])


def _pairs_within(structure: Structure, radius: float) -> Neighbors:
    positions = np.ascontiguousarray(structure.cart_coords, dtype=float)
    lattice = np.ascontiguousarray(structure.lattice.matrix, dtype=float)
    periodic = np.ones(3, dtype=np.int64)
    center, neighbor, image, distance = find_points_in_spheres(
        positions, positions, radius, periodic, lattice, SAME_PLACE
    )
    vector = positions[neighbor] + image @ lattice - positions[center]
    found = Neighbors(center, neighbor, distance, vector)
    found = found.chosen((distance > SAME_PLACE) & (distance <= radius))
    return found.chosen(np.argsort(found.center, kind="stable"))
