"""Symmetry operations of a CIF as listed: triplets such as -y, x-y, z+1/3."""

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain

import gemmi
import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice

from models.errors import StructureTooLarge, UnreadableStructure
from models.structure.cif.text import SHOWN, shown

TERM = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)?(?:/(\d+))?\*?([xyz])?")
MOST_OPERATIONS = 10_000
FARTHEST_SHIFT = 100.0  # cells that an operation moves an atom by
ROUNDING = 6e-4  # of a shift that is written as a decimal number
LARGEST_DENOMINATOR = 16  # of a shift; supercells have fifths and sevenths
SAME_CELL = 0.02  # of a scalar product of cell vectors: 1 % of a length, or 1 degree
AXES = 3
DEN = gemmi.Op.DEN  # of gemmi's shifts: 24
IDENTITY = np.eye(3, 4)[None]

Operations = NDArray[np.float64]  # [n, 3, 4]: rotation and shift


def parsed(triplets: tuple[str, ...]) -> Operations:
    """Return the operations [n, 3, 4] of a list. Raises UnreadableStructure, StructureTooLarge."""
    if len(triplets) > MOST_OPERATIONS:
        raise StructureTooLarge(f"The CIF lists {len(triplets)} symmetry operations.")
    return np.array([_parsed_one(triplet) for triplet in triplets])


def joined(parts: Sequence[str], ids: Sequence[str]) -> tuple[str, ...]:
    """Return triplets that were written with spaces but without quotes, as in 1 x, y, z.

    `parts`: what stands in their column; `ids`: in the column of numbers before it, if there is
    one, whose values have moved into each other.
    """
    pairs = zip(ids, parts, strict=True) if len(ids) == len(parts) else zip(parts, strict=True)
    found, triplet = [], ""
    for part in chain.from_iterable(pairs):
        if not triplet and part.isdecimal():
            continue
        triplet += part
        if triplet.count(",") == AXES - 1 and not triplet.endswith(","):
            found.append(triplet)
            triplet = ""
    return (*found, triplet) if triplet else tuple(found)


def _parsed_one(triplet: str) -> tuple[tuple[float, ...], ...]:
    """Return the rows [3, 4] of an operation; a time reversal behind it (+1, -1) is left out."""
    parts = re.sub(r"[\s'\"]", "", triplet.lower()).rstrip(";").split(",")
    if len(parts) == 4 and parts[3] in {"+1", "-1", "1"}:  # noqa: PLR2004
        parts = parts[:3]
    rows = tuple(_row(part) for part in parts)
    if np.shape(rows) != (3, 4) or not _is_rotation(np.array(rows)[:, :3]):
        raise UnreadableStructure(
            f"{shown(triplet)!r} is not a symmetry operation, such as -y, x-y, z+1/3."
        )
    return rows


def _is_rotation(matrix: NDArray[np.float64]) -> bool:
    whole = np.isclose(matrix, np.round(matrix)).all()
    return bool(whole and np.isclose(abs(np.linalg.det(matrix)), 1))


def _row(text: str) -> tuple[float, ...]:
    row = [0.0, 0.0, 0.0, 0.0]
    if not text or len(text) > SHOWN or TERM.sub("", text):
        raise UnreadableStructure(
            f"{shown(text) or 'Nothing'!r} is not a part of a symmetry operation such as x-y+1/3."
        )
    for sign, number, denominator, axis in TERM.findall(text):
        if number or axis:
            size = float(number or 1) / (float(denominator or 1) or np.nan)
            row["xyz".index(axis) if axis else 3] += -size if sign == "-" else size
    if not abs(row[3]) < FARTHEST_SHIFT:
        raise UnreadableStructure(f"{shown(text)!r} moves an atom by {row[3]:g} cells.")
    row[3] = fraction(row[3])
    return tuple(row)


def fraction(shift: float) -> float:
    """Return the fraction that a decimal shift rounds, the shift itself if there is none."""
    nearest = round(DEN * shift) / DEN
    if abs(shift - nearest) < ROUNDING:
        return nearest
    near = float(Fraction(shift).limit_denominator(LARGEST_DENOMINATOR))
    return near if abs(shift - near) < ROUNDING else shift


def fits(operations: Operations, lattice: Lattice) -> bool:
    """Tell whether the rotations leave the lengths and angles of the cell as they are."""
    if len(operations) == 1:
        return True
    gram = lattice.matrix @ lattice.matrix.T
    rotations = operations[:, :, :3]
    changed = np.abs(rotations.transpose(0, 2, 1) @ gram @ rotations - gram)
    return not (changed > SAME_CELL * np.outer(lattice.abc, lattice.abc)).any()


def as_array(group: gemmi.GroupOps) -> Operations:
    """Return the operations [n, 3, 4] of gemmi's group."""
    seitz = [operation.float_seitz() for operation in group]
    return np.array(seitz).reshape(-1, 4, 4)[:, :3]


def with_identity(operations: Operations) -> Operations:
    """Return the operations with x,y,z, which every group has, first if it is not listed."""
    if keys(IDENTITY) <= keys(operations):
        return operations
    return np.concatenate([IDENTITY, operations])


def as_group(operations: Operations) -> gemmi.GroupOps | None:
    """Return gemmi's group with these operations and x,y,z; None where a shift is no 24th."""
    found = as_ops(with_identity(operations))
    return gemmi.GroupOps(found) if found else None


def as_ops(operations: Operations) -> list[gemmi.Op]:
    """Return gemmi's operations, none where a shift is not in 24ths."""
    shifts = DEN * operations[:, :, 3]
    if not np.allclose(shifts, np.round(shifts), atol=1e-6) or len(operations) > 1000:  # noqa: PLR2004
        return []
    found = []
    for rotation, shift in zip(
        np.rint(DEN * operations[:, :, :3]).astype(int).tolist(),
        (np.rint(shifts).astype(int) % DEN).tolist(),
        strict=True,
    ):
        operation = gemmi.Op()
        operation.rot, operation.tran = rotation, shift
        found.append(operation)
    return found


def keys(operations: Operations) -> set[tuple[float, ...]]:
    """Return the operations as members of a set, shifts within one cell."""
    moved = operations.copy()
    moved[:, :, 3] = np.round(moved[:, :, 3] % 1, 3) % 1
    return set(map(tuple, np.round(moved, 3).reshape(-1, 12).tolist()))


def is_closed(operations: Operations) -> bool:
    """Tell whether products of the operations are among them; of many, a sample is multiplied."""
    known = keys(operations)
    step = max(1, len(operations) // 24)
    for rotation, shift in ((o[:, :3], o[:, 3]) for o in operations[::step]):
        rotations = operations[:, :, :3] @ rotation
        shifts = operations[:, :, :3] @ shift + operations[:, :, 3]
        if not keys(np.concatenate([rotations, shifts[:, :, None]], axis=2)) <= known:
            return False
    return True
