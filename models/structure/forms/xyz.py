"""Extended XYZ files, as ASE writes them, to structures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Self

import numpy as np
from pymatgen.core import Lattice, Structure

from models.errors import NoStructure, SeveralStructures, UnreadableStructure
from models.structure.bounds import check_cell
from models.structure.primitive import check_raw_size
from models.structure.species import atomic_number, isotope_warnings, structure_of

COUNT = re.compile(r"[0-9]{1,9}")
KEY = r"(?:^|(?<=[\s\"'}\])]))(?:{})\s*=\s*"
LATTICE, CELL, PERIODIC, PROPERTIES = (
    re.compile(KEY.replace("{}", name), re.IGNORECASE)
    for name in ("lattice", "cell", "pbc", "properties")
)
QUOTED = re.compile(r"""(?<![^\s=])(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")  # by ASE's rules
QUOTES = re.compile(r"[\s,;\"'(){}\[\]]+")  # in which and between which programs put numbers
YES, NO = {"t", "true", "1"}, {"f", "false", "0"}
LONGEST = 600  # characters of a value
AXES, NUMBERS = 3, 9
HEAVIEST = 118
SHOWN = 60  # characters of a line that a message repeats
DEFAULT_PROPERTIES = "species:S:1:pos:R:3"


@dataclass(frozen=True)
class _Columns:
    """The columns of the element and of the first coordinate, and whether Z names the element."""

    element: int
    position: int
    is_atomic_number: bool


@dataclass(frozen=True)
class _Comment:
    """The second line, and the same where what is quoted is blank, as no key is in it."""

    line: str
    bare: str

    @classmethod
    def of(cls, line: str) -> Self:
        return cls(line, QUOTED.sub(lambda quoted: f'"{"_" * (len(quoted[0]) - 2)}"', line))

    @property
    def has_cell(self) -> bool:
        return bool(LATTICE.search(self.bare) or CELL.search(self.bare))


def is_xyz(text: str) -> bool:
    """Tell whether the first line is a number of atoms and the third an atom and its place."""
    lines = text[:4000].split("\n")[:3]
    words = lines[2].split() if len(lines) > 2 else []  # noqa: PLR2004
    return (
        bool(COUNT.fullmatch(lines[0].strip()))
        and len(words) > AXES
        and (_Comment.of(lines[1]).has_cell or not _is_number(lines[1].split(" ")[0]))
    )


def read_xyz(text: str, max_sites: int) -> tuple[Structure, tuple[str, ...]]:
    """Return the crystal in an extended XYZ file of one frame, and a warning of isotopes.

    Raises NoStructure without a lattice, SeveralStructures, UnreadableStructure, StructureTooLarge.
    """
    lines = text.rstrip().split("\n")
    count = int(lines[0])
    check_raw_size(count, max_sites)
    if count < 1 or len(lines) < count + 2:
        raise UnreadableStructure(
            f"The XYZ file has {count} atoms by its first line but only {len(lines) - 2} lines of "
            "them; correct the number or send the whole file."
        )
    if any(line.strip() for line in lines[count + 2 :]):
        raise SeveralStructures("The XYZ file holds several frames; send one structure at a time.")
    comment = _Comment.of(lines[1])
    lattice = _lattice(comment)
    properties = _values(PROPERTIES, comment)
    columns = _columns(properties[0] if properties else DEFAULT_PROPERTIES)
    atoms = [_atom(lines, number, columns) for number in range(2, count + 2)]
    positions = np.array([position for *_, position in atoms])
    numbers = [number for _, number, _ in atoms]
    structure = structure_of(lattice, numbers, positions, cartesian=True)
    return structure, isotope_warnings(symbol for symbol, *_ in atoms)


def _values(key: re.Pattern[str], comment: _Comment) -> list[str]:
    """Return the words behind a key, whatever they are quoted in or separated by."""
    found = key.search(comment.bare)
    return QUOTES.sub(" ", comment.line[found.end() :][:LONGEST]).split() if found else []


def _lattice(comment: _Comment) -> Lattice:
    values = (_values(LATTICE, comment) or _values(CELL, comment))[:NUMBERS]
    if len(values) != NUMBERS or not all(map(_is_number, values)):
        raise NoStructure(
            "The XYZ file has no Lattice= of nine numbers in its second line, as that of a "
            "molecule; send a crystal with its cell, such as extended XYZ or CIF."
        )
    flags = _values(PERIODIC, comment)[:AXES]
    if any(flag in NO for flag in takewhile((YES | NO).__contains__, map(str.lower, flags))):
        raise NoStructure(
            f"The XYZ file is not periodic in three directions (pbc={' '.join(flags)[:SHOWN]}); "
            "send a crystal."
        )
    lattice = Lattice(np.array(values, dtype=float).reshape(AXES, AXES))
    check_cell(lattice)
    return lattice


def _columns(properties: str) -> _Columns:
    fields = properties.split(":")
    places, column = {}, 0
    for name, _, width in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        places[name.lower()] = column
        column += int(width) if COUNT.fullmatch(width) else 1
    kinds = dict(zip(map(str.lower, fields[::3]), map(str.upper, fields[1::3]), strict=False))
    named = [name for name in ("species", "z", "element") if name in places]
    named.sort(key=lambda name: name != "z" and kinds[name] == "I")  # types are the last resort
    if not named or "pos" not in places:
        raise UnreadableStructure(
            f"The XYZ file's Properties={properties[:SHOWN]} name no species or no pos."
        )
    return _Columns(places[named[0]], places["pos"], named[0] == "z")


def _atom(lines: Sequence[str], line: int, columns: _Columns) -> tuple[str, int, list[float]]:
    """Return the symbol of an atom as written, its atomic number and its position."""
    words = lines[line].split()
    numbers = words[columns.position :][:AXES]
    if len(words) <= columns.element or len(numbers) < AXES or not all(map(_is_number, numbers)):
        raise UnreadableStructure(
            f"Line {line + 1} of the XYZ file is not an atom and its position: "
            f"{lines[line].strip()[:SHOWN]!r}."
        )
    symbol = words[columns.element]
    number = _element(symbol, line, columns)
    return symbol, number, [float(value) for value in numbers]


def _element(symbol: str, line: int, columns: _Columns) -> int:
    """Return the atomic number of a symbol, or of a number in a column Z."""
    if not COUNT.fullmatch(symbol):
        return atomic_number(symbol)
    if not columns.is_atomic_number:
        raise UnreadableStructure(
            f"Line {line + 1} of the XYZ file has the number {symbol} for an element, such as the "
            "types of LAMMPS and OVITO, which name none; write symbols such as Na, or call the "
            "column Z in Properties= if these are atomic numbers."
        )
    if not 1 <= int(symbol) <= HEAVIEST:
        raise UnreadableStructure(
            f"Line {line + 1} of the XYZ file has the atomic number {int(symbol)}, which is that "
            "of no element."
        )
    return int(symbol)


def _is_number(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False
