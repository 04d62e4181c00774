"""Recognition of structure types by tolerant maps onto prototypes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
import spglib

from models.crystal.cell import Cell, Floats, Ints
from models.crystal.operations import candidates, lattice_maps, mapped
from models.crystal.symmetry import Idealised, idealise

OTHER = "other_types"
FLUORITE = "fluorite"
HALF_HEUSLER = "half_heusler"
FULL_HEUSLER = "full_heusler"
FARTHEST = 0.15  # of the cube root of the volume an atom: an atom from its place in the prototype
DIGITS = 6  # of fractional coordinates
VOLUME = 20.0  # A^3 an atom, of the prototypes
LARGEST_STRAIN = 0.045  # from the prototype's axes to the crystal's; about 12 % of c / a
Point = tuple[float, float, float]
_THIRD = (1 / 3, 2 / 3)
_ORIGIN, _HALF, _QUARTER = (0.0, 0.0, 0.0), (1 / 2, 1 / 2, 1 / 2), (1 / 4, 1 / 4, 1 / 4)
# Hall numbers as in spglib, for the settings that the coordinates are given in.
_FM3M, _F43M, _FD3M, _PM3M, _P63MC, _P63MMC = 523, 512, 525, 517, 480, 488
_P42MNM, _I42D, _P4NMM, _R3M, _P3M1 = 419, 399, 408, 458, 456
_HEXAGONAL = (_P63MC, _P63MMC, _R3M, _P3M1)
# name: space group, c / a, and one site of each element.
_PROTOTYPES: Mapping[str, tuple[int, float, tuple[Point, ...]]] = {
    "diamond": (_FD3M, 1, (_ORIGIN,)),
    "rocksalt": (_FM3M, 1, (_ORIGIN, _HALF)),
    "zincblende": (_F43M, 1, (_ORIGIN, _QUARTER)),
    "caesium_chloride": (_PM3M, 1, (_ORIGIN, _HALF)),
    "wurtzite": (_P63MC, 1.62, ((*_THIRD, 0), (*_THIRD, 3 / 8))),
    "nickel_arsenide": (_P63MMC, 1.45, (_ORIGIN, (*_THIRD, 1 / 4))),
    FLUORITE: (_FM3M, 1, (_ORIGIN, _QUARTER)),
    "rutile": (_P42MNM, 0.66, (_ORIGIN, (0.305, 0.305, 0))),
    HALF_HEUSLER: (_F43M, 1, (_ORIGIN, _QUARTER, _HALF)),
    FULL_HEUSLER: (_FM3M, 1, (_ORIGIN, _HALF, _QUARTER)),
    "perovskite": (_PM3M, 1, (_HALF, _ORIGIN, (1 / 2, 0, 0))),
    "double_perovskite": (_FM3M, 1, (_ORIGIN, _HALF, _QUARTER, (0.25, 0, 0))),
    "hexachloroplatinate": (_FM3M, 1, (_ORIGIN, _QUARTER, (0.23, 0, 0))),
    "spinel": (_FD3M, 1, (_ORIGIN, (5 / 8, 5 / 8, 5 / 8), (0.3875, 0.3875, 0.3875))),
    "chalcopyrite": (_I42D, 1.97, (_ORIGIN, (0, 0, 1 / 2), (1 / 4, 1 / 4, 1 / 8))),
    "matlockite": (_P4NMM, 1.76, ((0, 1 / 2, 0.2), _ORIGIN, (0, 1 / 2, 0.65))),
    "layered_nafeo2": (_R3M, 5.2, (_ORIGIN, (0, 0, 1 / 2), (0, 0, 0.24))),
    "layered_caal2si2": (_P3M1, 1.7, (_ORIGIN, (*_THIRD, 0.63), (*_THIRD, 0.27))),
}


@dataclass(frozen=True)
class StructureType:
    """The name of a structure type, and the atomic number on each of the prototype's sites.

    Of arrangements that are the same crystal it is always the same one.
    """

    name: str
    on_sites: tuple[int, ...] = ()


def structure_type(ideal: Idealised) -> StructureType:
    """Return a crystal's structure type, named `OTHER` where it is none of these."""
    counts = tuple(sorted(_counts(ideal.cell.numbers).values()))
    for name, prototype in _prototypes().get(counts, ()):
        maps = _lattice_maps(prototype, ideal.cell)
        for relabelled in _relabelled(prototype, ideal.cell) if len(maps[0]) else ():
            if _maps_onto(relabelled, ideal.cell, maps):
                return StructureType(name, tuple(dict.fromkeys(relabelled.numbers.tolist())))
    return StructureType(OTHER)


def _lattice_maps(source: Cell, target: Cell) -> tuple[Ints, Floats]:
    """Return the maps of a lattice, scaled to the volume of the other's, onto this."""
    scale = np.cbrt(target.volume / source.volume)
    return lattice_maps(source.metric * scale**2, target.metric, LARGEST_STRAIN)


def _maps_onto(source: Cell, target: Cell, maps: tuple[Ints, Floats]) -> bool:
    far = float(FARTHEST * np.cbrt(target.volume / len(target.numbers)))
    return len(mapped(source, target, candidates(source, target, maps), far)[0].strain) > 0


def _counts(numbers: Ints) -> dict[int, int]:
    kinds, counts = np.unique(numbers, return_counts=True)
    return dict(zip(kinds.tolist(), counts.tolist(), strict=True))


def _relabelled(prototype: Cell, cell: Cell) -> Iterator[Cell]:
    """Return the prototype with the cell's elements, in each way that their numbers allow."""
    wanted, given = _counts(cell.numbers), _counts(prototype.numbers)
    for elements in permutations(wanted):
        names = dict(zip(given, elements, strict=True))
        if all(wanted[names[label]] == count for label, count in given.items()):
            numbers = np.array([names[label] for label in prototype.numbers.tolist()])
            yield replace(prototype, numbers=numbers)


@lru_cache(maxsize=1)
def _prototypes() -> dict[tuple[int, ...], list[tuple[str, Cell]]]:
    """Return names and primitive cells of the prototypes by how many atoms of each element."""
    found: dict[tuple[int, ...], list[tuple[str, Cell]]] = {}
    for name, (hall, ratio, sites) in _PROTOTYPES.items():
        cell = _prototype(hall, ratio, sites)
        found.setdefault(tuple(sorted(_counts(cell.numbers).values())), []).append((name, cell))
    return found


def _prototype(hall: int, ratio: float, sites: tuple[Point, ...]) -> Cell:
    """Return the primitive cell of a prototype with atomic numbers 1, 2, ... for its elements."""
    orbits = [_orbit(hall, site) for site in sites]
    angle = np.pi * (2 / 3 if hall in _HEXAGONAL else 1 / 2)
    lattice = np.array([[1, 0, 0], [np.cos(angle), np.sin(angle), 0], [0, 0, ratio]])
    numbers = np.repeat(np.arange(len(sites)) + 1, [len(orbit) for orbit in orbits])
    size = np.cbrt(VOLUME * len(numbers) / np.linalg.det(lattice))
    return idealise(Cell(size * lattice, np.concatenate(orbits), numbers)).cell


def _orbit(hall: int, site: Point) -> Floats:
    """Return all sites [n, 3] equivalent to one by the operations of a space group."""
    found: dict[str, Any] = dict(spglib.get_symmetry_from_database(hall) or {})
    images = found["rotations"] @ site + found["translations"]
    return np.unique(np.round(images % 1, DIGITS) % 1, axis=0)
