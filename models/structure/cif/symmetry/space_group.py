"""The space group that a CIF states by Hall symbol, Hermann-Mauguin symbol or number."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import gemmi
import numpy as np
from pymatgen.core import Lattice

from models.errors import UnreadableStructure
from models.structure.cif.block import GROUP, Entries
from models.structure.cif.symmetry.symbols import (
    LAST,
    has_settings,
    named,
    number_beside,
    number_of_schoenflies,
    setting_of_code,
    settings_of_number,
    spelt,
)
from models.structure.cif.symmetry.triplets import Operations, as_array, fits, keys
from models.structure.cif.text import SHOWN, shown

PREFIXES = ("_symmetry", "_space_group", "_spacegroup", "_sg_")


@dataclass(frozen=True)
class Sources:
    """What a CIF says of its symmetry, as written.

    `unknown`: tags of unknown meaning, and of the group of another phase or setting.
    """

    halls: list[str]
    symbols: list[str]
    numbers: list[str]
    code: str
    system: str
    unknown: list[str]


@dataclass(frozen=True)
class Stated:
    """A space group: its name as in the CIF, its number, and its settings, the likeliest first.

    `is_open`: all settings that fit the cell are possible, as with two choices of origin.
    `is_contradictory`: they are those of two statements that share none.
    """

    name: str
    number: int
    settings: list[Operations]
    is_open: bool = False
    is_contradictory: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def n_operations(self) -> int:
        """Number of operations of the likeliest setting."""
        return len(self.settings[0])

    def fitting(self, lattice: Lattice) -> list[Operations]:
        """Return the settings that leave the cell as it is."""
        found = [operations for operations in self.settings if fits(operations, lattice)]
        return found if self.is_open else found[:1]


def sources_of(entries: Entries) -> Sources:
    """Return what a block says of its space group."""
    found: dict[str, list[str]] = {
        kind: [] for kind in ("hall", "symbol", "number", "schoenflies", "unknown", "another")
    }
    code = system = ""
    for tag in entries.values:
        if not tag.startswith(PREFIXES) and GROUP not in tag:
            continue
        kind, text = _kind(tag[:SHOWN]), entries.text(tag)
        if kind == "code":
            code = text
        elif kind == "system":
            system = system or text.lower()
        elif kind in found and text:
            found[kind].append(tag if kind in {"unknown", "another"} else text)
    found["number"] += [
        str(n) for text in found["schoenflies"] if (n := number_of_schoenflies(text))
    ]
    unknown = [tag for tag in found["unknown"] if not _as_symbol(entries.text(tag), found)]
    unknown += found["another"]
    return Sources(found["hall"], found["symbol"], found["number"], code, system, unknown)


@lru_cache(maxsize=256)
def _kind(tag: str) -> str:
    """Return what kind of thing a symmetry entry tells, in whatever dialect."""
    if re.search("magn|ssg|wyckoff|transform|_id$|symop|equiv_pos|symm_?op|operation", tag):
        return "other"
    if re.search("parent|reference|_ref$", tag):
        return "another"  # the group of another phase, or another setting
    if re.search("laue|point_group|bravais|centring|patterson|generator", tag):
        return "unknown"  # it tells of symmetry, but not which
    patterns = {
        "schoenflies": "schoen",
        "code": "coordinate_system_code",
        "system": "cell_setting|crystal_system|crystal_class",
        "hall": "hall",
        "number": "number|_no$|_num$|tables$",
        "symbol": "h_?m|name|symbol",
    }
    return next((kind for kind, known in patterns.items() if re.search(known, tag)), "unknown")


def _as_symbol(text: str, found: dict[str, list[str]]) -> bool:
    """Add the value of an entry of unknown name to the symbols or numbers if it is one."""
    if text.isdecimal() and 1 <= int(text[:4]) <= LAST:
        found["number"].append(text)
    elif named(spelt(text)[0]):
        found["symbol"].append(text)
    else:
        return False
    return True


def stated_group(sources: Sources, lattice: Lattice) -> Stated | None:
    """Return the space group that is stated, None for none.

    Sources that cannot be read fall back on each other. Raises UnreadableStructure where none can
    be read, or two are of different groups.
    """
    explicit = [*_by_hall(sources), *_by_symbol(sources)]
    found = [*explicit, *_by_number(sources)]
    given = [*sources.halls, *sources.symbols, *sources.numbers]
    if not found:
        if given:
            raise UnreadableStructure(
                f"The space group {shown(given[0])} is not known; list the symmetry operations, or "
                "give the symbol or number as the International Tables have it."
            )
        return None
    numbers = {stated.number for stated in found if stated.number}
    if len(numbers) > 1:
        raise UnreadableStructure(
            f"The CIF states different space groups ({', '.join(s.name for s in found)}, numbers "
            f"{', '.join(map(str, sorted(numbers)))}); correct the symbol or the number."
        )
    both = _in_two_settings([stated for stated in explicit if stated.fitting(lattice)])
    return both or next((stated for stated in found if stated.fitting(lattice)), found[0])


def _in_two_settings(explicit: Sequence[Stated]) -> Stated | None:
    """Return the settings of two statements that share none; None where all agree."""
    for first, second in pairwise(explicit):
        known = [keys(operations) for operations in first.settings]
        if not any(keys(operations) in known for operations in second.settings):
            return Stated(
                f"{first.name} and {second.name}",
                first.number,
                [*first.settings, *second.settings],
                is_open=True,
                is_contradictory=True,
            )
    return None


def _by_hall(sources: Sources) -> Iterator[Stated]:
    for hall in sources.halls:
        number, operations = _of_hall(hall)
        if len(operations):
            yield Stated(hall, number, [operations])
            return


@lru_cache(maxsize=256)
def _of_hall(hall: str) -> tuple[int, Operations]:
    """Return number (0: unknown) and operations of a Hall symbol; none of another text."""
    try:
        group = gemmi.symops_from_hall(hall.replace("_", " "))
    except (ValueError, RuntimeError):
        return 0, np.zeros((0, 3, 4))
    entry = gemmi.find_spacegroup_by_ops(group)
    return entry.number if entry else 0, as_array(group)


def _by_symbol(sources: Sources) -> Iterator[Stated]:
    for symbol in dict.fromkeys(sources.symbols):
        name, setting = spelt(symbol)
        entries = named(name)
        if not entries and symbol.startswith("-"):
            yield from _by_hall(replace(sources, halls=[symbol]))
        if entries:
            setting = setting or setting_of_code(sources.code)
            entries = [e for e in entries if setting in _codes(e)] or entries
            yield _stated(symbol, entries)


def _codes(entry: gemmi.SpaceGroup) -> set[str]:
    """Return what tells a setting behind the symbol: origin, axes, or unique axis and cell."""
    return {entry.ext, entry.qualifier.upper()}


def _by_number(sources: Sources) -> Iterator[Stated]:
    beside = filter(None, map(number_beside, sources.symbols))
    unnamed = (symbol for symbol in sources.symbols if not named(spelt(symbol)[0]))
    schoenflies = [str(n) for symbol in unnamed if (n := number_of_schoenflies(symbol))]
    for text in (*sources.numbers, *beside, *schoenflies):
        whole = text.split(".")[0] if re.fullmatch(r"\d+\.0*", text) else text
        if not whole.isdecimal() or not 1 <= int(whole[:4]) <= LAST:
            continue
        entries = settings_of_number(int(whole), sources.code)
        assumed = f"The setting of space group {whole} is not given; the standard one is taken."
        warnings = (assumed,) if has_settings(int(whole)) else ()
        yield _stated(f"number {whole}", entries, warnings)
        return


def _stated(name: str, entries: list[gemmi.SpaceGroup], warnings: tuple[str, ...] = ()) -> Stated:
    settings = [_of_hall(entry.hall)[1] for entry in entries]
    is_open = entries[0].ext in {"1", "2"}
    return Stated(name, entries[0].number, settings, is_open, warnings=warnings)
