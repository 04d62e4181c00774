"""The symmetry operations of a CIF, as listed or by its space group."""

import re
from functools import lru_cache

import gemmi
import numpy as np
from gemmi import cif
from numpy.typing import NDArray
from pymatgen.core import Lattice

from models.errors import StructureTooLarge, UnreadableStructure
from models.structure.cif.block import SHOWN, entry_texts, first_text

OPERATIONS = (
    "_space_group_symop_operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
    "_space_group_symop.operation_xyz",
)
HALL = ("_space_group_name_Hall", "_symmetry_space_group_name_Hall")
SYMBOL = (
    "_space_group_name_H-M_alt",
    "_symmetry_space_group_name_H-M",
    "_space_group_name_H-M_ref",
)
NUMBER = ("_space_group_IT_number", "_symmetry_Int_Tables_number")
NUMBERS = {str(number) for number in range(1, 231)}
SETTINGS = {"S": ":1", "Z": ":2", "HR": ":H", "H": ":H", "R": ":R", "RH": ":R"}  # as ICSD has them
TERM = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)?(?:/(\d+))?\*?([xyz])?")

MOST_OPERATIONS = 10_000
FARTHEST_SHIFT = 100.0  # cells that an operation moves an atom by
ROUNDING = 4e-4  # of a shift that is written as a decimal number
SAME_CELL = 0.02  # of a scalar product of cell vectors: 1 % of a length, or 1 degree

Operations = NDArray[np.float64]  # [n, 3, 4]: rotation and shift


def read_operations(block: cif.Block, lattice: Lattice) -> Operations:
    """Return the symmetry operations [n, 3, 4] as listed, or by the space group's name or number.

    A structure without either has none but the identity. Raises UnreadableStructure, also where
    they do not fit the cell, and StructureTooLarge.
    """
    operations = _stated_operations(block, lattice)
    gram = lattice.matrix @ lattice.matrix.T
    rotations = operations[:, :, :3]
    changed = np.abs(rotations.transpose(0, 2, 1) @ gram @ rotations - gram)
    if (changed > SAME_CELL * np.outer(lattice.abc, lattice.abc)).any():
        cell = ", ".join(f"{value:.5g}" for value in lattice.parameters)
        raise UnreadableStructure(
            f"The symmetry {first_text(block, (*SYMBOL, *HALL, *NUMBER))} does not fit the cell "
            f"({cell}): it would change the cell's lengths and angles. Check both, and whether a "
            "group R is in its hexagonal (:H) or rhombohedral (:R) setting."
        )
    return operations


def _stated_operations(block: cif.Block, lattice: Lattice) -> Operations:
    for tag in OPERATIONS:
        triplets = [text for text in entry_texts(block, tag) if text]
        if len(triplets) > MOST_OPERATIONS:
            raise StructureTooLarge(f"The CIF lists {len(triplets)} symmetry operations.")
        if triplets:
            return _parsed(tuple(triplets))
    group = _space_group(block, lattice)
    if group is None:
        return np.eye(3, 4)[None]
    return np.array([operation.float_seitz() for operation in group])[:, :3]


@lru_cache(maxsize=256)
def _parsed(triplets: tuple[str, ...]) -> Operations:
    return np.array([_parsed_one(triplet) for triplet in triplets])


def _parsed_one(triplet: str) -> tuple[tuple[float, ...], ...]:
    """Return the rows [3, 4] of an operation such as -y, x-y, z+1/3."""
    parts = re.sub(r"[\s'\"]", "", triplet.lower()).rstrip(";").split(",")
    rows = tuple(_operation_row(part) for part in parts)
    if np.shape(rows) != (3, 4) or not np.isclose(abs(np.linalg.det(np.array(rows)[:, :3])), 1):
        raise UnreadableStructure(
            f"{triplet[:SHOWN]} is no symmetry operation, such as -y, x-y, z+1/3."
        )
    return rows


def _operation_row(text: str) -> tuple[float, ...]:
    row = [0.0, 0.0, 0.0, 0.0]
    if not text or len(text) > SHOWN or TERM.sub("", text):
        raise UnreadableStructure(
            f"{text[:SHOWN] or 'Nothing'} is no part of a symmetry operation."
        )
    for sign, number, denominator, axis in TERM.findall(text):
        if number or axis:
            size = float(number or 1) / (float(denominator or 1) or np.nan)
            row["xyz".index(axis) if axis else 3] += -size if sign == "-" else size
    if not abs(row[3]) < FARTHEST_SHIFT:
        raise UnreadableStructure(f"{text} moves an atom by {row[3]:g} cells.")
    nearest = round(24 * row[3]) / 24
    if abs(row[3] - nearest) < ROUNDING:
        row[3] = nearest
    return tuple(row)


def _space_group(block: cif.Block, lattice: Lattice) -> gemmi.GroupOps | None:
    hall = first_text(block, HALL)
    if hall:
        try:
            return gemmi.symops_from_hall(hall)
        except (ValueError, RuntimeError) as error:
            raise UnreadableStructure(f"{hall!r} is no Hall symbol: {error}.") from error
    symbol, number = first_text(block, SYMBOL), first_text(block, NUMBER)
    if not symbol and not number:
        return None
    name = _spelt(symbol) if symbol else _name_of(number)
    group = gemmi.find_spacegroup_by_name(name, lattice.alpha, lattice.gamma)
    if group is None:
        raise UnreadableStructure(
            f"The space group {symbol or number} is not known; list the symmetry operations."
        )
    if group.ext in {"1", "2"} and ":" not in name:
        raise UnreadableStructure(
            f"The space group {symbol or number} has two choices of origin; list the symmetry "
            f"operations, or write {group.hm} :1 or :2."
        )
    return group.operations()


def _name_of(number: str) -> str:
    """Return the symbol of a group by its number, without a setting; nothing for no such number."""
    whole = number.removesuffix(".0")
    if whole not in NUMBERS:  # for which gemmi has P 1
        return ""
    return str(gemmi.find_spacegroup_by_number(int(whole)).hm)


def _spelt(symbol: str) -> str:
    """Return a Hermann-Mauguin symbol as gemmi spells it, with ICSD's letters for the setting."""
    symbol = symbol.replace("_", "")
    for letters, extension in SETTINGS.items():
        if symbol.endswith(letters) and len(symbol) > len(letters) and ":" not in symbol:
            return symbol.removesuffix(letters).strip() + extension
    return symbol
