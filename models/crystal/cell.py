"""A periodic cell as plain arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import spglib
from numpy.typing import NDArray
from pymatgen.core import Structure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SAME_LENGTH = 1e-5  # A; tolerance of the lattice reduction


@dataclass(frozen=True)
class Cell:
    """Lattice vectors in rows [3, 3] in A, fractional positions [n, 3], atomic numbers [n]."""

    lattice: Floats
    positions: Floats
    numbers: Ints

    @cached_property
    def metric(self) -> Floats:
        """The metric tensor [3, 3] in A^2."""
        tensor: Floats = self.lattice @ self.lattice.T
        return tensor

    @property
    def volume(self) -> float:
        """The volume of the cell in A^3."""
        return float(abs(np.linalg.det(self.lattice)))

    @cached_property
    def of_kind(self) -> list[Ints]:
        """The sites of each element, the rarest element first."""
        sites: dict[int, list[int]] = {}
        for site, number in enumerate(self.numbers.tolist()):
            sites.setdefault(number, []).append(site)
        rarest_first = sorted(sites, key=lambda number: (len(sites[number]), number))
        return [np.array(sites[number]) for number in rarest_first]


def cell_of(structure: Structure) -> Cell:
    """Return the cell of an ordered structure."""
    numbers = np.array([site.specie.Z for site in structure], dtype=np.int64)
    return Cell(np.array(structure.lattice.matrix), np.array(structure.frac_coords), numbers)


def reduced(cell: Cell) -> Cell:
    """Return the same crystal with Niggli's reduced lattice vectors."""
    lattice = spglib.niggli_reduce(cell.lattice, SAME_LENGTH)
    if lattice is None:
        return cell
    change = np.rint(cell.lattice @ np.linalg.inv(lattice))
    return Cell(np.array(lattice), cell.positions @ change, cell.numbers)
