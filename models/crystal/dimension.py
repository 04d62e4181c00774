"""Dimension of a crystal's bonded network: molecules, chains, layers or a framework.

Sources: bonds by covalent radii, and the rank of the translations that join an atom with itself
(Larsen, Pandey, Strange and Jacobsen, Phys. Rev. Materials 3, 034003 (2019)).
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from pymatgen.optimization.neighbors import find_points_in_spheres

from models.crystal.cell import Cell, Floats, Ints
from models.structure.checks import COVALENT_RADII

BOND = 1.25  # of the covalent radii's sum
SAME_PLACE = 1e-8  # A; a pair closer than this is one atom and itself
LAYERED, FRAMEWORK = 2, 3

Bonds = dict[int, list[tuple[int, tuple[int, int, int]]]]


@dataclass(frozen=True)
class BondedNetwork:
    """The bonded parts of a crystal.

    `dimension`: 0 for molecules, 1 for chains, 2 for layers, 3 for a framework; the largest of the
    parts. `gap`: of layers, the widest space without atoms between planes of atoms, in A, else 0.
    """

    dimension: int
    gap: float


def bonded_network(cell: Cell) -> BondedNetwork:
    """Return the bonded network of a cell."""
    bonds = _bonds(cell)
    largest = np.empty((0, 3), dtype=np.int64)
    left = set(range(len(cell.numbers)))
    while left and len(largest) < FRAMEWORK:
        members, translations = _component(bonds, min(left))
        left -= members
        if len(translations) > len(largest):
            largest = translations
    gap = _gap(cell, largest) if len(largest) == LAYERED else 0.0
    return BondedNetwork(len(largest), gap)


def _bonds(cell: Cell) -> Bonds:
    """Return for each site its bonded sites, and the cell that they lie in."""
    lattice = np.ascontiguousarray(cell.lattice)
    places = np.ascontiguousarray(cell.positions @ lattice)
    radii = COVALENT_RADII[cell.numbers]
    centers, neighbors, images, distances = find_points_in_spheres(
        places, places, 2 * BOND * radii.max(), np.ones(3, dtype=np.int64), lattice, SAME_PLACE
    )
    bonded = (distances > SAME_PLACE) & (distances < BOND * (radii[centers] + radii[neighbors]))
    table: Bonds = defaultdict(list)
    parts = (centers[bonded], neighbors[bonded], np.rint(images[bonded]).astype(np.int64))
    for center, neighbor, (x, y, z) in zip(*(part.tolist() for part in parts), strict=True):
        table[center].append((neighbor, (x, y, z)))
    return table


def _component(bonds: Bonds, first: int) -> tuple[set[int], Ints]:
    """Return the sites bonded to one of them, and independent translations [n, 3] along bonds.

    The search ends at three translations: then the rest cannot add any.
    """
    place = {first: (0, 0, 0)}
    waiting = [first]
    found = np.empty((0, 3), dtype=np.int64)
    seen = {(0, 0, 0)}
    while waiting:
        site = waiting.pop()
        x, y, z = place[site]
        for neighbor, (i, j, k) in bonds[site]:
            if neighbor not in place:
                place[neighbor] = (x + i, y + j, z + k)
                waiting.append(neighbor)
                continue
            p, q, r = place[neighbor]
            step = (x + i - p, y + j - q, z + k - r)
            if step in seen:
                continue
            seen.add(step)
            longer = np.vstack([found, step])
            if np.linalg.matrix_rank(longer) == len(longer):
                found = longer
                if len(found) == FRAMEWORK:
                    return set(place), found
    return set(place), found


def _gap(cell: Cell, translations: Ints) -> float:
    """Return the widest gap between planes of atoms along the normal of layers, in A."""
    plane = np.cross(*translations)
    reciprocal: Floats = np.linalg.inv(cell.lattice) @ (plane / np.gcd.reduce(plane))
    heights = np.sort((cell.positions @ cell.lattice @ reciprocal) % 1.0)  # of the plane spacing
    spacing = 1 / float(np.linalg.norm(reciprocal))
    return spacing * float(np.diff(heights, append=heights[0] + 1).max())
