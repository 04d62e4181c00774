"""Approximate symmetry and idealisation of a crystal.

A relaxation, a refinement or a snapshot at finite temperature leaves atoms some hundredths of an
angstrom off their sites, though the lattice thermal conductivity is that of the ideal crystal.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.crystal.cell import Cell, Floats, Ints
from models.crystal.compiled.averages import count_operations
from models.crystal.operations import Operations, averaged, candidates, lattice_maps, operations
from models.crystal.primitive import primitive

MOVED = 1e-3  # A; smaller shifts are rounding


@dataclass(frozen=True)
class Symmetry:
    """Approximate symmetry: all numbers change continuously when atoms are displaced.

    The exception: `operations` steps where a distorted supercell stops being a primitive crystal,
    as operations that turn its superlattice are not tried.

    `operations`: number of point operations; `n_primitive`: sites in the primitive cell;
    `inversion`: weight of the best inversion; `rotations` [5]: share of the operations whose
    rotation is of order 2, 3, 4, 6 and 1; `improper`: share of improper ones. `moved`: how far
    atoms were moved onto their sites at most, in A.
    """

    operations: float
    n_primitive: float
    inversion: float
    rotations: Floats
    improper: float
    moved: float

    @property
    def idealised(self) -> bool:
        """Whether atoms were moved."""
        return self.moved > MOVED


@dataclass(frozen=True)
class Idealised:
    """A primitive cell with its atoms on their sites, which of these are equivalent, and symmetry.

    `orbit` [n]: the first site of those equivalent to each; where operations count in part, sites
    are only nearly equivalent, and each stands for itself. `rotation` [m, 3, 3], `translation`
    [m, 3]: operations on fractional positions that keep the crystal.
    """

    cell: Cell
    orbit: Ints
    rotation: Ints
    translation: Floats
    symmetry: Symmetry

    @property
    def is_exact(self) -> bool:
        """Whether all operations count fully: they are the symmetry of the cell."""
        return bool(np.isclose(self.symmetry.operations, len(self.rotation), rtol=0, atol=1e-6))

    @cached_property
    def rotations(self) -> Floats:
        """The rotations [m, 3, 3] on Cartesian positions."""
        turn = np.swapaxes(self.cell.lattice, 0, 1)
        rotations: Floats = turn @ self.rotation @ np.linalg.inv(turn)
        return rotations


def idealise(cell: Cell) -> Idealised:
    """Return the primitive cell with its atoms on the sites of its approximate symmetry.

    Positions and lattice are averaged over all operations that map the crystal onto itself within
    0.3 A and a strain of 1 %, and in part over those within 0.6 A and 3 %.
    """
    cell, translations, moved_before = primitive(cell)
    maps = lattice_maps(cell.metric, cell.metric)
    found = operations(cell, candidates(cell, cell, maps))
    mean, moved = averaged(cell, found)
    sure = found.sure
    rotation, image = found.rotation[sure], found.image[sure]
    return Idealised(
        cell=mean,
        orbit=found.image.min(axis=0) if sure.all() else np.arange(len(cell.numbers)),
        rotation=rotation,
        translation=mean.positions[image[:, 0]] - rotation @ mean.positions[0],
        symmetry=_symmetry(found, len(cell.numbers), translations, moved_before + moved),
    )


def _symmetry(found: Operations, n_sites: int, translations: float, moved: float) -> Symmetry:
    total = found.weight.sum()
    orders, improper, inversion = count_operations(
        np.ascontiguousarray(found.rotation), found.weight
    )
    return Symmetry(
        operations=float(total / translations),
        n_primitive=float(n_sites / translations),
        inversion=inversion,
        rotations=orders / total,
        improper=float(improper / total),
        moved=moved,
    )
