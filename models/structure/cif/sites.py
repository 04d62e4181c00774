"""The sites that a CIF lists: elements, positions, and whether each is one whole atom."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import gemmi
import numpy as np
from gemmi import cif
from numpy.typing import NDArray

from models.errors import (
    DisorderedStructure,
    NoStructure,
    StructureTooLarge,
    UnreadableStructure,
    UnsupportedElement,
)
from models.structure.cif.block import POSITION, SHOWN, column_texts

WATER = re.compile(r"wat|oh\d*$|o-h", re.IGNORECASE)
MIXED = re.compile(r",|/|\+ ")  # Nb,Zr or Na/K or 0.8Nb + 0.2Zr, but not Na+
NO_ATOM = re.compile(r"(Cg|Du|Va|Bq)(?![a-z])")  # centroids, dummies, vacancies, ghosts
FULL = 0.999  # an occupancy from here on is a whole atom
MOST_IMAGES = 200_000  # sites times operations

Numbers = NDArray[np.int64]
Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Sites:
    """Atomic `numbers` [n_sites] and fractional `positions` [n_sites, 3]."""

    numbers: Numbers
    positions: Vectors


def listed_sites(block: cif.Block, max_sites: int) -> Sites:
    """Return the sites of a block that are atoms, before any symmetry.

    Raises UnreadableStructure, NoStructure, DisorderedStructure, UnsupportedElement,
    StructureTooLarge.
    """
    columns = [list(block.find_values(tag)) for tag in POSITION]
    count = max(map(len, columns))
    if any(len(column) != count for column in columns):
        raise UnreadableStructure(
            "Some atoms lack a coordinate; give _atom_site_fract_x, _y and _z for each."
        )
    check_size(count, 1, max_sites)
    labels = column_texts(block, "_atom_site_label", count)
    symbols = column_texts(block, "_atom_site_type_symbol", count)
    names = [
        _plain(symbol) if symbol else label for symbol, label in zip(symbols, labels, strict=True)
    ]
    kept = _kept_rows(block, names)
    numbers = np.array([_element(names[row]) for row in kept], dtype=np.int64)
    positions = np.array(
        [[_position(column[row], names[row]) for column in columns] for row in kept]
    )
    return Sites(numbers, positions)


def check_size(n_atoms: int, n_operations: int, max_sites: int) -> None:
    """Raise StructureTooLarge before the atoms are multiplied."""
    if n_atoms > max_sites or n_atoms * n_operations > MOST_IMAGES:
        raise StructureTooLarge(
            f"The CIF lists {n_atoms} atoms and {n_operations} symmetry operations; "
            f"{max_sites} sites are accepted: send the primitive cell."
        )


def _kept_rows(block: cif.Block, names: Sequence[str]) -> list[int]:
    """Return the rows that are atoms: dummies and empty positions are none.

    Raises DisorderedStructure, and UnreadableStructure where hydrogen is only implied.
    """
    count = len(names)
    flags = column_texts(block, "_atom_site_calc_flag", count)
    occupancies = [
        float(cif.as_number(text)) if text else 1.0
        for text in column_texts(block, "_atom_site_occupancy", count)
    ]
    kept = [row for row in range(count) if flags[row] != "dum" and occupancies[row] != 0]
    if not kept:
        raise NoStructure("The CIF lists no atom; check its _atom_site_ entries.")
    _check_occupancies(block, {row: occupancies[row] for row in kept}, names)
    hydrogens = column_texts(block, "_atom_site_attached_hydrogens", count)
    implied = [names[row] for row in kept if hydrogens[row].strip("0.") or WATER.match(names[row])]
    if implied:
        raise UnreadableStructure(
            f"Site {implied[0][:SHOWN]} stands for hydrogen atoms that are not listed; "
            "list every atom."
        )
    return kept


def _check_occupancies(
    block: cif.Block, occupancies: Mapping[int, float], names: Sequence[str]
) -> None:
    partial = [
        row for row, value in occupancies.items() if value < FULL or MIXED.search(names[row])
    ]
    for row, value in occupancies.items():
        if not 0 < value <= 2 - FULL:
            raise UnreadableStructure(f"Site {names[row][:SHOWN]} has an occupancy of {value:g}.")
    if partial:
        columns = [block.find_values(tag) for tag in POSITION]
        places = {tuple(column[row] for column in columns) for row in partial}
        raise DisorderedStructure(
            f"{len(places)} sites are partly occupied or mixed "
            f"(such as {names[partial[0]][:SHOWN]}); send an ordered approximant."
        )


@lru_cache(maxsize=1024)
def _plain(symbol: str) -> str:
    """Return a type symbol, with what it has beyond one element made plain.

    A label may go on as it likes; a symbol that does is a group such as OH, a mixture such as
    Na0.5K0.5, or no element.
    """
    first = 2 if gemmi.Element(symbol[:2].title()).atomic_number and symbol[1:2].isalpha() else 1
    further = re.sub("[^A-Za-z]", "", symbol[first:])
    if not further or MIXED.search(symbol):
        return symbol
    if further[0].islower():
        return f"?{symbol}"
    has_hydrogen = "H" in further or symbol[:first] in {"H", "D"}
    return f"O-H ({symbol})" if has_hydrogen else f"{symbol[:first]}, {further}"


@lru_cache(maxsize=1024)
def _element(name: str) -> int:
    """Return the atomic number for a type symbol or label, such as Na, Na1+, NA1 or D."""
    letters = re.match("[A-Za-z]*", name)
    start = letters.group() if letters and not NO_ATOM.match(name) else ""
    for length in (2, 1):
        element = gemmi.Element(start[:length].title())
        if len(start) >= length and element.atomic_number:
            return int(element.atomic_number)
    raise UnsupportedElement(
        f"Site {name[:SHOWN] or 'without a symbol'} is of no known element; "
        "give its chemical symbol as _atom_site_type_symbol."
    )


def _position(text: str, name: str) -> float:
    """Return a fractional coordinate; 0.3333 and the like mean the fraction that they round."""
    value = float(cif.as_number(text))
    if not np.isfinite(value):
        raise UnreadableStructure(
            f"Site {name[:SHOWN]} has the position {text[:SHOWN]}; "
            "give a number for each coordinate of each atom."
        )
    decimals = len(text.partition("(")[0].partition(".")[2])
    sixths = round(6 * value)
    rounded = decimals in {4, 5} and sixths % 3 and abs(value - sixths / 6) < 10**-decimals
    return sixths / 6 if rounded else value
