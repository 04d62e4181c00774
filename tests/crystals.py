"""Crystals for tests: common structure types of random elements, some of them distorted."""

from dataclasses import dataclass

import numpy as np
from pymatgen.core import Element, Structure

from models.crystal.cell import Cell

HALF, QUARTER, THREE_QUARTERS = (0.5,) * 3, (0.25,) * 3, (0.75,) * 3
FACE_CENTRED = ((0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0))
SIMPLE = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
WURTZITE = ((0.5, -(0.75**0.5), 0), (0.5, 0.75**0.5, 0), (0, 0, (8 / 3) ** 0.5))


@dataclass(frozen=True)
class StructureType:
    """A primitive cell, the kind of atom (0, 1, 2) on each position, the shortest distance."""

    cell: tuple[tuple[float, ...], ...]
    kinds: tuple[int, ...]
    positions: tuple[tuple[float, ...], ...]
    shortest: float

    def crystal(self, symbols: list[str], shortest: float) -> Structure:
        """Return the crystal of these elements with its shortest distance in A."""
        matrix = np.array(self.cell) * shortest / self.shortest
        return Structure(matrix, [symbols[kind] for kind in self.kinds], list(self.positions))


ROCKSALT = StructureType(FACE_CENTRED, (0, 1), ((0, 0, 0), HALF), 0.5)
ZINCBLENDE = StructureType(FACE_CENTRED, (0, 1), ((0, 0, 0), QUARTER), 0.75**0.5 / 2)
CAESIUM_CHLORIDE = StructureType(SIMPLE, (0, 1), ((0, 0, 0), HALF), 0.75**0.5)
FLUORITE = StructureType(
    FACE_CENTRED, (0, 1, 1), ((0, 0, 0), QUARTER, THREE_QUARTERS), 0.75**0.5 / 2
)
HALF_HEUSLER = StructureType(FACE_CENTRED, (0, 1, 2), ((0, 0, 0), QUARTER, HALF), 0.75**0.5 / 2)
PEROVSKITE = StructureType(SIMPLE, (0, 1, 2, 2, 2), ((0, 0, 0), HALF, *FACE_CENTRED), 0.5)
WURTZITE_TYPE = StructureType(
    WURTZITE,
    (0, 0, 1, 1),
    ((1 / 3, 2 / 3, 0), (2 / 3, 1 / 3, 0.5), (1 / 3, 2 / 3, 0.375), (2 / 3, 1 / 3, 0.875)),
    0.375**0.5,
)
TYPES = (
    ROCKSALT,
    ZINCBLENDE,
    CAESIUM_CHLORIDE,
    FLUORITE,
    HALF_HEUSLER,
    PEROVSKITE,
    WURTZITE_TYPE,
)
# H to Pu; pymatgen warns at the formulas of helium, neon and argon.
ELEMENTS = tuple(Element.from_Z(z).symbol for z in range(1, 95) if z not in {2, 10, 18})


def distorted(crystal: Structure, rng: np.random.Generator) -> Structure:
    """Return the crystal strained by up to 3 % and its atoms moved by about 0.05 A."""
    strained = crystal.lattice.matrix @ (np.eye(3) + rng.uniform(-0.03, 0.03, (3, 3)))
    moved = crystal.frac_coords @ strained + rng.normal(0, 0.05, (len(crystal), 3))
    return Structure(strained, crystal.species, moved, coords_are_cartesian=True)


def generated_crystals(count: int, seed: int) -> list[Structure]:
    """Return crystals of random types and elements (H to Pu), every second one distorted.

    Every atom has a neighbor within 4 A, MEGNet's cutoff.
    """
    rng = np.random.default_rng(seed)
    crystals = []
    for number in range(count):
        symbols = rng.choice(ELEMENTS, 3, replace=False).tolist()
        crystal = TYPES[rng.integers(len(TYPES))].crystal(symbols, rng.uniform(1.9, 2.6))
        if number % 2:
            crystal = distorted(supercell(crystal, [[1, 0, 0], [0, 1, 0], [0, 0, 2]]), rng)
        crystals.append(crystal)
    return crystals


def supercell(crystal: Structure, matrix: list[list[int]]) -> Structure:
    """Return the crystal in the cell that `matrix` makes of its lattice vectors."""
    larger = crystal.copy()
    larger.make_supercell(matrix)
    return larger


def moved(crystal: Structure, shift: list[float]) -> Structure:
    """Return the crystal with all atoms moved by `shift` (fractional), some out of the cell."""
    return Structure(
        crystal.lattice, crystal.species, crystal.frac_coords + shift, to_unit_cell=False
    )


def reordered(crystal: Structure, seed: int) -> Structure:
    """Return the crystal with its sites in another order."""
    order = np.random.default_rng(seed).permutation(len(crystal))
    return Structure.from_sites([crystal[int(site)] for site in order])


def equivalent_cells(crystal: Structure) -> dict[str, Structure]:
    """Return the crystal in other cells, other places and another order of its sites, by name."""
    return {
        "doubled": supercell(crystal, [[2, 0, 0], [0, 1, 0], [0, 0, 1]]),
        "sheared": supercell(crystal, [[1, 1, 0], [0, 1, 0], [0, -2, 1]]),
        "sheared and larger": supercell(crystal, [[1, 1, 0], [-1, 1, 0], [0, 1, 2]]),
        "moved": moved(crystal, [0.137, -0.61, 0.83]),
        "reordered": reordered(crystal, 3),
        "moved, reordered and larger": reordered(
            supercell(moved(crystal, [0.31, 0.2, 0.1]), [[1, 0, 1], [0, 2, 0], [0, 0, 1]]), 5
        ),
        "primitive": crystal.get_primitive_structure(tolerance=1e-3),
        "eight times": supercell(crystal, [[2, 0, 0], [0, 2, 0], [0, 0, 2]]),
        "conventional": supercell(crystal, [[-1, 1, 1], [1, -1, 1], [1, 1, -1]]),
        "rotated": rotated(crystal),
    }


def structure_of(cell: Cell) -> Structure:
    """Return a cell of plain arrays as a structure."""
    species = [Element.from_Z(number) for number in cell.numbers.tolist()]
    return Structure(cell.lattice, species, cell.positions)


def noisy(crystal: Structure, size: float, seed: int) -> Structure:
    """Return the crystal with Gaussian noise of `size` in A in each coordinate."""
    noise = np.random.default_rng(seed).normal(0, size, (len(crystal), 3))
    positions = crystal.cart_coords + noise
    return Structure(crystal.lattice, crystal.species, positions, coords_are_cartesian=True)


def rotated(crystal: Structure) -> Structure:
    """Return the crystal turned in space: the same lengths and angles along other axes."""
    turn, _ = np.linalg.qr(np.random.default_rng(9).normal(size=(3, 3)))
    return Structure(crystal.lattice.matrix @ turn, crystal.species, crystal.frac_coords)
