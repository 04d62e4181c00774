"""The bonds of a crystal: pairs of atoms closer than MEGNet's cutoff."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure
from pymatgen.optimization.neighbors import find_points_in_spheres

from models.errors import IsolatedAtom

CUTOFF = 4.0  # A; MEGNet's
CUTOFF_SLACK = 1e-5  # A; a pair at 4 A sharp is a bond however its cell was rounded
SAME_DISTANCE = 1e-4  # A; bonds that differ by less are of one length
SAME_PLACE = 1e-8  # A; a pair closer than this is one atom and itself
FARTHEST = 10.0  # A; where the search for an isolated atom's neighbours ends


@dataclass(frozen=True)
class Bonds:
    """Directed bonds of every atom in a cell: `center`, `neighbor` site, `distance` [A]."""

    center: NDArray[np.int64]
    neighbor: NDArray[np.int64]
    distance: NDArray[np.float64]

    def chosen(self, mask: NDArray[np.bool_]) -> "Bonds":
        """Return the bonds for which `mask` [n_bonds] is true."""
        return Bonds(self.center[mask], self.neighbor[mask], self.distance[mask])


def find_bonds(structure: Structure) -> Bonds:
    """Return all bonds up to 4 A, sorted by center; an atom with none gets its nearest neighbours.

    Without this rule the network would not see the distances around such an atom at all.
    Raises IsolatedAtom when an atom has no neighbour within 10 A.
    """
    n_sites = len(structure)
    bonds = _pairs_within(structure, CUTOFF + CUTOFF_SLACK)
    isolated = np.setdiff1d(np.arange(n_sites), bonds.center)
    if isolated.size == 0:
        return bonds
    nearest = _nearest_shells(_pairs_within(structure, FARTHEST), isolated)
    center = np.concatenate([bonds.center, nearest.center])
    order = np.argsort(center, kind="stable")
    return Bonds(
        center[order],
        np.concatenate([bonds.neighbor, nearest.neighbor])[order],
        np.concatenate([bonds.distance, nearest.distance])[order],
    )


def _pairs_within(structure: Structure, radius: float) -> Bonds:
    positions = np.ascontiguousarray(structure.cart_coords, dtype=float)
    lattice = np.ascontiguousarray(structure.lattice.matrix, dtype=float)
    periodic = np.ones(3, dtype=np.int64)
    center, neighbor, _, distance = find_points_in_spheres(
        positions, positions, radius, periodic, lattice, SAME_PLACE
    )
    keep = (distance > SAME_PLACE) & (distance <= radius)
    order = np.argsort(center[keep], kind="stable")
    return Bonds(center[keep][order], neighbor[keep][order], distance[keep][order])


def _nearest_shells(bonds: Bonds, atoms: NDArray[np.int64]) -> Bonds:
    keep = np.zeros(len(bonds.center), dtype=bool)
    for atom in atoms:
        own = bonds.center == atom
        if not own.any():
            raise IsolatedAtom(
                f"Site {atom} has no neighbour within {FARTHEST:g} A; check the cell's lengths, "
                "and send a crystal rather than a molecule in a box."
            )
        keep |= own & (bonds.distance <= bonds.distance[own].min() + SAME_DISTANCE)
    return bonds.chosen(keep)
