"""Dimension of a crystal's bonded network: molecules, chains, layers or a framework.

Sources: bonds by covalent radii, and the rank of the translations that join an atom with itself
(Larsen, Pandey, Strange and Jacobsen, Phys. Rev. Materials 3, 034003 (2019)).
"""

from dataclasses import dataclass

import numpy as np
from pymatgen.optimization.neighbors import find_points_in_spheres

from models.crystal.cell import Cell, Floats, Ints
from models.crystal.compiled.components import largest_translations
from models.structure.checks import COVALENT_RADII

BOND = 1.25  # of the covalent radii's sum
SAME_PLACE = 1e-8  # A; a pair closer than this is one atom and itself
LAYERED = 2


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
    largest = largest_translations(*_bonds(cell))
    gap = _gap(cell, largest) if len(largest) == LAYERED else 0.0
    return BondedNetwork(len(largest), gap)


def _bonds(cell: Cell) -> tuple[Ints, Ints, Ints]:
    """Return where each site's bonds begin, the bonded sites, and the cells that they lie in."""
    lattice = np.ascontiguousarray(cell.lattice)
    places = np.ascontiguousarray(cell.positions @ lattice)
    radii = COVALENT_RADII[cell.numbers]
    center, neighbor, image, distance = find_points_in_spheres(
        places, places, 2 * BOND * radii.max(), np.ones(3, dtype=np.int64), lattice, SAME_PLACE
    )
    bonded = (distance > SAME_PLACE) & (distance < BOND * (radii[center] + radii[neighbor]))
    which = np.flatnonzero(bonded)
    which = which[np.argsort(center[which], kind="stable")]
    first = np.searchsorted(center[which], np.arange(len(cell.numbers) + 1))
    return first, neighbor[which].astype(np.int64), np.rint(image[which]).astype(np.int64)


def _gap(cell: Cell, translations: Ints) -> float:
    """Return the widest gap between planes of atoms along the normal of layers, in A."""
    plane = np.cross(*translations)
    reciprocal: Floats = np.linalg.inv(cell.lattice) @ (plane / np.gcd.reduce(plane))
    heights = np.sort((cell.positions @ cell.lattice @ reciprocal) % 1.0)  # of the plane spacing
    spacing = 1 / float(np.linalg.norm(reciprocal))
    return spacing * float(np.diff(heights, append=heights[0] + 1).max())
