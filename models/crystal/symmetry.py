"""The symmetry of a crystal, as spglib finds it, and the crystal without what blurs it.

A relaxation or a refinement leaves atoms some hundredths of an angstrom off their sites. To a
search with a narrow tolerance such a crystal has hardly any symmetry, though its lattice thermal
conductivity is that of the ideal one.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import spglib
from pymatgen.core import Structure

HALF_HEUSLER = (216, 3, 3)  # space group, sites in the primitive cell, elements
EXACT = 0.001  # A; within this a crystal is taken as it is
BLUR = 0.1  # A; the Materials Project's tolerance
MIRRORED = {  # space groups that are the mirror images of others, which stand for both
    78: 76, 95: 91, 96: 92, 145: 144, 153: 151, 154: 152,
    170: 169, 172: 171, 179: 178, 181: 180, 213: 212,
}  # fmt: skip


@dataclass(frozen=True)
class Symmetry:
    """Space group, order of its point group, and number of sites in the primitive cell.

    `idealised`: whether atoms had to be moved for it.
    """

    symbol: str
    number: int
    point_order: int
    n_primitive: int
    idealised: bool = False

    @property
    def achiral_number(self) -> int:
        """The number of the space group, the lower one of a pair of mirror images."""
        return MIRRORED.get(self.number, self.number)

    @property
    def order(self) -> float:
        """Symmetry operations for each site of the primitive cell."""
        return self.point_order / self.n_primitive

    def is_half_heusler(self, n_elements: int) -> bool:
        """Tell whether a crystal is a half-Heusler: F-43m, one site for each of three elements."""
        return (self.number, self.n_primitive, n_elements) == HALF_HEUSLER


def idealise(structure: Structure) -> tuple[Structure, Symmetry]:
    """Return an ordered structure and its symmetry; P1 where spglib finds none.

    Where more symmetry is found within `BLUR` than within `EXACT`, the structure is the
    conventional cell with all atoms on the sites that this symmetry gives them.
    """
    cell = _cell(structure)
    blurred = spglib.get_symmetry_dataset(cell, BLUR)
    ideal = _symmetry(blurred, len(structure))
    if blurred is not None and ideal.order * len(structure) == 1:
        return structure, ideal  # no symmetry within BLUR: none within EXACT either
    given = _symmetry(spglib.get_symmetry_dataset(cell, EXACT), len(structure))
    if blurred is None or ideal.order <= given.order:
        return structure, given
    moved = Structure(blurred.std_lattice, blurred.std_types.tolist(), blurred.std_positions)
    return moved, replace(ideal, idealised=True)


def _cell(structure: Structure) -> tuple[list[list[float]], list[list[float]], list[int]]:
    numbers = [site.specie.Z for site in structure]
    return structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), numbers


def _symmetry(found: Any, n_sites: int) -> Symmetry:
    if found is None:
        return Symmetry("P1", 1, 1, n_sites)
    n_translations = int(np.sum(np.all(found.rotations == np.eye(3), axis=(1, 2))))
    return Symmetry(
        symbol=found.international,
        number=int(found.number),
        point_order=_point_order(found.hall_number),
        n_primitive=n_sites // n_translations,
    )


@lru_cache(maxsize=530)  # the number of Hall symbols
def _point_order(hall_number: int) -> int:
    """Return the number of rotations, of which a supercell's shape may break some."""
    operations = spglib.get_symmetry_from_database(hall_number) or {"rotations": np.eye(3)[None]}
    return len(np.unique(operations["rotations"], axis=0))
