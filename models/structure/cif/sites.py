"""The sites that a CIF lists: names, positions, and whether each is one whole atom."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from gemmi import cif
from numpy.typing import NDArray

from models.errors import (
    DisorderedStructure,
    NoStructure,
    StructureTooLarge,
    UnreadableStructure,
)
from models.structure.cif.block import POSITION, Entries
from models.structure.cif.text import shown
from models.structure.primitive import check_raw_size, most_raw_sites
from models.structure.species import element_letters, is_isotope

FULL = 0.999  # an occupancy from here on is a whole atom
WHOLE = {"1", "1.0", "1.00", "1.000"}  # what most occupancies are
NEARLY_FULL = 0.97  # one from here on too, if that is within its standard uncertainty
DIGITS = (2, 6)  # decimals that a coordinate counts as having, at least and at most
FARTHEST = 50.0  # cells from the origin
MOST_IMAGES = 200_000  # sites times operations
APPROXIMANT = (
    "send an ordered approximant, such as one made by pymatgen's "
    "OrderDisorderedStructureTransformation or a special quasirandom structure"
)

RATIO = re.compile(r"([+-]?\d{1,3})/(\d{1,3})")  # a coordinate such as 1/3

Numbers = NDArray[np.int64]
Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class Listed:
    """Sites as listed: `symbols` and `labels` (empty where not given), fractional `positions`
    [n_sites, 3], and the number of `decimals` [n_sites] that they are written with. `empty`: names
    of those with an occupancy of 0, which are no atoms.
    """  # noqa: D205 - one sentence

    symbols: list[str]
    labels: list[str]
    positions: Vectors
    decimals: Numbers
    empty: tuple[str, ...] = ()


def listed_sites(entries: Entries, max_sites: int) -> Listed:
    """Return the sites of a block that are atoms, before any symmetry.

    Raises UnreadableStructure, NoStructure, DisorderedStructure, StructureTooLarge.
    """
    columns = [entries.texts(tag) for tag in POSITION]
    count = max(map(len, columns))
    if any(len(column) != count for column in columns):
        raise UnreadableStructure(
            "Some atoms lack a coordinate; give _atom_site_fract_x, _y and _z for each."
        )
    check_raw_size(count, max_sites)
    labels = entries.column("_atom_site_label", count)
    symbols = entries.column("_atom_site_type_symbol", count)
    kept, empty = _kept_rows(entries, [*zip(symbols, labels, strict=True)], columns)
    values = [[_coordinate(column[row], labels[row] or symbols[row]) for column in columns]
              for row in kept]  # fmt: skip
    return Listed(
        [symbols[row].strip() for row in kept],
        [labels[row].strip() for row in kept],
        np.array([[value for value, _ in row] for row in values]),
        np.array([_fewest([decimals for _, decimals in row]) for row in values]),
        tuple(labels[row] or symbols[row] for row in empty),
    )


def _fewest(decimals: Sequence[int]) -> int:
    """Return the decimals that a position is known to; 0, 0.5 and the like are exact."""
    rounded = [count for count in decimals if count >= DIGITS[0]] or [DIGITS[0]]
    return min(*rounded, DIGITS[1])


def check_images(n_atoms: int, n_operations: int, max_sites: int) -> None:
    """Raise StructureTooLarge before the atoms are multiplied."""
    if n_atoms * n_operations > MOST_IMAGES:
        raise StructureTooLarge(
            f"The CIF lists {n_atoms} atoms and {n_operations} symmetry operations; cells of up to "
            f"{most_raw_sites(max_sites)} sites are read: send the primitive cell."
        )


def _kept_rows(
    entries: Entries, names: Sequence[tuple[str, str]], columns: Sequence[Sequence[str]]
) -> tuple[list[int], list[int]]:
    """Return the rows that are atoms, and those of empty positions; dummies are neither."""
    count = len(names)
    flags = entries.column("_atom_site_calc_flag", count)
    texts = entries.column("_atom_site_occupancy", count)
    _check_occupancies(entries, count)
    occupancies = [
        1.0 if not text or text in WHOLE else _occupancy(text, names[row])
        for row, text in enumerate(texts)
    ]
    real = [row for row in range(count) if flags[row] != "dum"]
    kept = [row for row in real if occupancies[row] != 0]
    empty = [row for row in real if occupancies[row] == 0]
    if not kept:
        raise NoStructure("The CIF lists no atom; check its _atom_site_ entries.")
    shares = [row for row in kept if occupancies[row] < FULL]
    whole, others = _of_one_element(shares, names, occupancies, columns) if shares else ([], [])
    kept = [row for row in kept if row not in others]
    partial = [row for row in shares if row not in {*whole, *others}]
    if partial:
        raise _disorder(partial, names, occupancies, columns)
    hydrogens = entries.column("_atom_site_attached_hydrogens", count)
    implied = [row for row in kept if hydrogens[row].strip("0.")]
    if implied:
        raise UnreadableStructure(
            f"Site {_name(names[implied[0]])} has attached hydrogen atoms that are not listed; "
            "list every atom."
        )
    _check_alternatives(entries, names, kept)
    return kept, empty


def _check_occupancies(entries: Entries, count: int) -> None:
    """Raise UnreadableStructure for occupancies in a loop of their own, of some atoms only."""
    texts = entries.texts("_atom_site_occupancy")
    if len(texts) != count and any(text and text not in WHOLE for text in texts):
        raise UnreadableStructure(
            f"The CIF gives {len(texts)} occupancies for {count} atoms; give "
            "_atom_site_occupancy for each atom, in the loop of the positions."
        )


def _of_one_element(
    rows: Sequence[int],
    names: Sequence[tuple[str, str]],
    occupancies: Sequence[float],
    columns: Sequence[Sequence[str]],
) -> tuple[list[int], list[int]]:
    """Return one row of each place that one element fills, and the other rows of them.

    Its isotopes (H and D) or oxidation states (Fe2+ and Fe3+) may be listed apart. The row is that
    of an isotope, if there is one.
    """
    whole: list[int] = []
    others: list[int] = []
    for place in _by_place(rows, columns).values():
        symbols = {names[row][0] for row in place}
        one = all(symbols) and len({element_letters(symbol) for symbol in symbols}) == 1
        if (
            one
            and len(place) > 1
            and abs(sum(occupancies[row] for row in place) - 1) <= 2 - 2 * FULL
        ):
            whole.append(max(place, key=lambda row: is_isotope(names[row][0])))
            others += [row for row in place if row != whole[-1]]
    return whole, others


def _by_place(
    rows: Sequence[int], columns: Sequence[Sequence[str]]
) -> dict[tuple[str, ...], list[int]]:
    """Return the rows at each position as written."""
    places: dict[tuple[str, ...], list[int]] = {}
    for row in rows:
        places.setdefault(tuple(column[row] for column in columns), []).append(row)
    return places


def _check_alternatives(
    entries: Entries, names: Sequence[tuple[str, str]], kept: Sequence[int]
) -> None:
    """Raise DisorderedStructure for sites of several groups whose occupancy is not given."""
    groups = entries.column("_atom_site_disorder_group", len(names))
    found: dict[str, dict[str, int]] = {}
    if any(groups):
        assemblies = entries.column("_atom_site_disorder_assembly", len(names))
        occupancies = entries.column("_atom_site_occupancy", len(names))
        for row in kept:
            if groups[row].strip("0") and not occupancies[row]:
                found.setdefault(assemblies[row], {}).setdefault(groups[row], row)
    for rows in found.values():
        if len(rows) > 1:
            shown_names = ", ".join(_name(names[row]) for row in list(rows.values())[:5])
            raise DisorderedStructure(
                f"Sites such as {shown_names} are alternatives of a disordered part "
                f"(_atom_site_disorder_group); {APPROXIMANT}."
            )


def _occupancy(text: str, name: tuple[str, str]) -> float:
    """Return an occupancy, 1 where it differs from it by no more than its uncertainty."""
    value = float(cif.as_number(text)) if text else 1.0
    digits = re.fullmatch(r"[01]\.(\d+)\((\d{1,2})\)", text)
    uncertainty = int(digits[2]) / 10 ** len(digits[1]) if digits else 0.0
    most = 2 - NEARLY_FULL if value - uncertainty <= 1 else 2 - FULL
    if not 0 <= value <= most:
        raise UnreadableStructure(
            f"Site {_name(name)} has an occupancy of {shown(text)}; it must be from 0 to 1."
        )
    is_full = value >= FULL or (value >= NEARLY_FULL and value + uncertainty >= FULL)
    return 1.0 if is_full else value


def _disorder(
    partial: Sequence[int],
    names: Sequence[tuple[str, str]],
    occupancies: Sequence[float],
    columns: Sequence[Sequence[str]],
) -> DisorderedStructure:
    places = _by_place(partial, columns)
    place, rows = next(iter(places.items()))
    occupants = ", ".join(
        f"{shown(names[row][0] or names[row][1])} {occupancies[row]:g}" for row in rows[:5]
    )
    number = "1 site is" if len(places) == 1 else f"{len(places)} sites are"
    return DisorderedStructure(
        f"{number} partly occupied or mixed, such as {_name(names[rows[0]])} at "
        f"{', '.join(map(shown, place))} ({occupants}); {APPROXIMANT}."
    )


def _name(name: tuple[str, str]) -> str:
    symbol, label = name
    return shown(label or symbol) or "without a label"


def _coordinate(text: str, name: str) -> tuple[float, int]:
    """Return a fractional coordinate and its number of decimals.

    0.3333 and the like mean the fraction that they round.
    """
    ratio = RATIO.fullmatch(text.strip()) if "/" in text else None
    if ratio and int(ratio[2]):
        return int(ratio[1]) / int(ratio[2]), DIGITS[1]
    value = float(cif.as_number(text)) if text else float("nan")
    if not math.isfinite(value):
        comma = " (decimals need a point)" if re.fullmatch(r"[+-]?\d*,\d+", text) else ""
        raise UnreadableStructure(
            f"Site {shown(name)} has the position {shown(text) or '?'!r}{comma}; "
            "give a number for each coordinate of each atom."
        )
    if abs(value) > FARTHEST:
        raise UnreadableStructure(
            f"Site {shown(name)} has the position {shown(text)}; positions are fractions of the "
            "cell's edges."
        )
    decimals = len(text.partition("(")[0].partition(".")[2])
    if decimals in {4, 5}:
        sixths = round(6 * value)
        if sixths % 3 and abs(value - sixths / 6) < 10**-decimals:
            return sixths / 6, decimals
    return value, decimals
