"""Approximate symmetry and idealisation of a crystal.

A relaxation, a refinement or a snapshot at finite temperature leaves atoms some hundredths of an
angstrom off their sites, though the lattice thermal conductivity is that of the ideal crystal. Such
noise breaks all operations alike; where some hold exactly, atoms off the sites of a higher symmetry
are a phase of its own, and stay where they are.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.crystal.cell import Cell, Floats, Ints
from models.crystal.compiled.averages import count_operations
from models.crystal.operations import (
    CLOSE,
    Operations,
    averaged,
    candidates,
    lattice_maps,
    operations,
)
from models.crystal.primitive import exact_primitive, primitive

MOVED = 1e-3  # A; smaller shifts are rounding
EXACT = 0.02  # A; the error of translations of equal cells, from rounding
NOISE = 2.0  # times the median error of the operations that noise breaks: the largest of it
SMALLEST_NOISE = 0.05  # A; errors up to this are noise in any crystal
SMALLEST_OF_FEW = {2: 0.085, 3: 0.12}  # A; in cells of so few sites noise keeps many operations
LEAST_FIXED = 2  # coordinates; noise lies near some mirror plane


@dataclass(frozen=True)
class Symmetry:
    """Approximate symmetry: all numbers change continuously when atoms are displaced.

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
    [m, 3]: operations on fractional positions that keep the crystal; `is_exact`: these are all
    that atoms were moved by.
    """

    cell: Cell
    orbit: Ints
    rotation: Ints
    translation: Floats
    symmetry: Symmetry
    is_exact: bool

    @cached_property
    def rotations(self) -> Floats:
        """The rotations [m, 3, 3] on Cartesian positions."""
        turn = np.swapaxes(self.cell.lattice, 0, 1)
        rotations: Floats = turn @ self.rotation @ np.linalg.inv(turn)
        return rotations


def idealise(cell: Cell) -> Idealised:
    """Return the primitive cell with its atoms on the sites of its approximate symmetry.

    Positions and lattice are averaged over all operations that map the crystal onto itself up to a
    strain of 1 % and an error in A that noise may have, at most 0.3, and in part over those up to
    3 % and twice the error. Symmetry is that of all operations up to 0.3 A, in part up to 0.6 A.
    """
    given, moved_first = exact_primitive(cell, EXACT)
    found = _operations(given)
    close = _noise(found)
    shifts = found.chosen((found.rotation == np.eye(3)).all(axis=(1, 2)))
    cell, translations, moved_before = primitive(given, shifts, close)
    if cell is not given:
        found = _operations(cell)
    narrow = found.within(close)
    mean, moved = averaged(cell, narrow)
    moved_total = moved_first + moved_before + moved
    exact, is_exact = narrow.chosen(narrow.sure), bool(narrow.sure.all())
    return Idealised(
        cell=mean,
        orbit=narrow.image.min(axis=0) if is_exact else np.arange(len(cell.numbers)),
        rotation=exact.rotation,
        translation=mean.positions[exact.image[:, 0]] - exact.rotation @ mean.positions[0],
        symmetry=_symmetry(found, len(cell.numbers), translations, moved_total),
        is_exact=is_exact,
    )


def _operations(cell: Cell) -> Operations:
    maps = lattice_maps(cell.metric, cell.metric)
    return operations(cell, candidates(cell, cell, maps))


def _noise(found: Operations) -> float:
    """Return the error in A that noise may have: twice the median of what noise breaks.

    That is first the operations of least error that fix a third of all coordinates, as some hold
    nearly wherever the atoms are; then all with errors that noise may have, until there are no
    more. How many coordinates a group leaves free is the mean character of its operations.
    """
    n_sites = found.image.shape[1]
    order = np.argsort(found.error, kind="stable")
    fixed = (found.image == np.arange(n_sites)).sum(axis=1)
    character = (np.trace(found.rotation, axis1=1, axis2=2) * (fixed - 1))[order]
    free = np.cumsum(character) / np.arange(1, len(character) + 1)
    enough = 3 * (n_sites - 1) - free >= max(LEAST_FIXED, n_sites - 1)
    if not enough.any():
        return CLOSE
    smallest = SMALLEST_OF_FEW.get(n_sites, SMALLEST_NOISE)
    error, n_broken = found.error[order], 0
    close = max(NOISE * error[enough.argmax()], smallest)
    while n_broken < (more := int(np.searchsorted(error, close, "right"))):
        n_broken = more
        close = max(NOISE * float(np.median(error[1:more])), smallest)
    return float(min(close, CLOSE))


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
