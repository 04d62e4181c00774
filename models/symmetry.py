"""The symmetry of a crystal, as spglib finds it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import spglib
from numpy.typing import NDArray
from pymatgen.core import Structure

HALF_HEUSLER = (216, 3, 3)  # space group, sites in the primitive cell, elements
SYMPREC = 0.01  # A; pymatgen's and the Materials Project's


@dataclass(frozen=True)
class Symmetry:
    """Space group, order of its point group, and number of sites in the primitive cell."""

    symbol: str
    number: int
    point_order: int
    n_primitive: int

    def is_half_heusler(self, n_elements: int) -> bool:
        """Tell whether a crystal is a half-Heusler: F-43m, one site for each of three elements."""
        return (self.number, self.n_primitive, n_elements) == HALF_HEUSLER


def find_symmetry(structure: Structure, numbers: NDArray[np.int64]) -> Symmetry:
    """Return the symmetry of an ordered structure; P1 where spglib finds none.

    `numbers` [n_sites]: its atomic numbers.
    """
    cell = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), numbers.tolist())
    found = spglib.get_symmetry_dataset(cell, symprec=SYMPREC)
    if found is None:
        return Symmetry("P1", 1, 1, len(numbers))
    n_translations = int(np.sum(np.all(found.rotations == np.eye(3), axis=(1, 2))))
    return Symmetry(
        symbol=found.international,
        number=int(found.number),
        point_order=_point_order(found.hall_number),
        n_primitive=len(numbers) // n_translations,
    )


@lru_cache(maxsize=530)  # the number of Hall symbols
def _point_order(hall_number: int) -> int:
    """Return the number of rotations, of which a supercell's shape may break some."""
    operations = spglib.get_symmetry_from_database(hall_number) or {"rotations": np.eye(3)[None]}
    return len(np.unique(operations["rotations"], axis=0))
