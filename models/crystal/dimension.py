"""Dimension of a crystal's bonded network: molecules, chains, layers or a framework; and vacuum.

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
# A Tl+ ion is as large as those of K and Rb, whose covalent radii are larger by this in A or more;
# it counts towards all but another Tl.
THALLIUM, THALLIUM_ION = 81, 0.5
SAME_PLACE = 1e-8  # A; a pair closer than this is one atom and itself
LAYERED = 2
VACUUM = 6.5  # A between planes of atoms; 2D materials stacked as crystals have less, bonds too
# Miller indices of the planes of a reduced cell that may have vacuum between them.
PLANES = np.array([index for index in np.ndindex(3, 3, 3) if index > (1, 1, 1)]) - 1


@dataclass(frozen=True)
class BondedNetwork:
    """The bonded parts of a crystal.

    `dimension`: 0 for molecules, 1 for chains, 2 for layers, 3 for a framework; the largest of the
    parts. `gap`: the widest space without atoms between planes of atoms, in A; where there are no
    layers, 0 unless it is vacuum. `n_open`: in how many independent directions there is vacuum.
    """

    dimension: int
    gap: float
    n_open: int


def bonded_network(cell: Cell) -> BondedNetwork:
    """Return the bonded network of a cell with reduced lattice vectors.

    A framework is not searched for vacuum: no bond is long enough to cross it.
    """
    largest = largest_translations(*_bonds(cell))
    gap, n_open = 0.0, 0
    if len(largest) == LAYERED:
        gap = float(_gaps(cell, _plane_of(largest)).max())
        n_open = int(gap > VACUUM)
    elif len(largest) < LAYERED:
        gap, n_open = _vacuum(cell)
    return BondedNetwork(len(largest), gap, n_open)


def _bonds(cell: Cell) -> tuple[Ints, Ints, Ints]:
    """Return where each site's bonds begin, the bonded sites, and the cells that they lie in."""
    lattice = np.ascontiguousarray(cell.lattice)
    places = np.ascontiguousarray(cell.positions @ lattice)
    radii = COVALENT_RADII[cell.numbers]
    larger = np.where(cell.numbers == THALLIUM, THALLIUM_ION, 0.0)
    farthest = 2 * BOND * (radii + larger).max()
    center, neighbor, image, distance = find_points_in_spheres(
        places, places, farthest, np.ones(3, dtype=np.int64), lattice, SAME_PLACE
    )
    reach = radii[center] + radii[neighbor] + np.abs(larger[center] - larger[neighbor])
    bonded = (distance > SAME_PLACE) & (distance < BOND * reach)
    which = np.flatnonzero(bonded)
    which = which[np.argsort(center[which], kind="stable")]
    first = np.searchsorted(center[which], np.arange(len(cell.numbers) + 1))
    return first, neighbor[which].astype(np.int64), np.rint(image[which]).astype(np.int64)


def _plane_of(layers: Ints) -> Ints:
    """Return the Miller indices [1, 3] of layers with these translations [2, 3]."""
    normal = np.cross(*layers)
    plane: Ints = normal[None] // np.gcd.reduce(normal)
    return plane


def _vacuum(cell: Cell) -> tuple[float, int]:
    """Return the widest vacuum in A and in how many independent directions there is any."""
    if cell.metric.max() <= VACUUM**2:  # no planes are farther apart than the longest vector
        return 0.0, 0
    gaps = _gaps(cell, PLANES)
    is_open = gaps > VACUUM
    if not is_open.any():
        return 0.0, 0
    return float(gaps.max()), int(np.linalg.matrix_rank(PLANES[is_open]))


def _gaps(cell: Cell, planes: Ints) -> Floats:
    """Return the widest gaps [n] between atoms along the normals of planes [n, 3], in A."""
    reciprocal: Floats = np.linalg.inv(cell.lattice) @ planes.T
    heights = np.sort((cell.positions @ planes.T) % 1.0, axis=0)  # of the planes' spacing
    widest = np.diff(heights, axis=0, append=heights[:1] + 1).max(axis=0)
    gaps: Floats = widest / np.linalg.norm(reciprocal, axis=0)
    return gaps
