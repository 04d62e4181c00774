"""POSCAR files of VASP 4, 5 and 6, as VASP and other tools write them, to structures."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from models.errors import SeveralStructures, UnreadableStructure, UnsupportedElement
from models.structure.bounds import check_cell
from models.structure.forms.poscar_comment import elements_in_comment
from models.structure.primitive import check_raw_size
from models.structure.species import element_number, isotope_warnings, structure_of

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")
COUNT = re.compile(r"[0-9]{1,9}")  # Python refuses to read a number of thousands of digits
# Fe or FE, as a POTCAR names it (Fe_pv, Fe_sv_GW, Fe/1a2b3c), with a charge or a colon.
SYMBOL = re.compile(r"([A-Za-z]{1,2})([_/]\S*|\d*[+-]\d*|:)?")
PSEUDO = re.compile(r"H\.?\d*\.\d+|H\.\d+")  # pseudo-hydrogen of a fractional charge
GLUED = re.compile(r"[A-Z][a-z]?\d+")
LABEL = re.compile(r"([A-Z][a-z]?)(\d*)")
REPEAT = re.compile(r"(direct|cartesian)\s+configuration", re.IGNORECASE)
HEAD = 5  # lines before the elements
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
MOST_BLANK = 3  # lines before the first
LONGEST_LINE = 1000  # characters of a line of the head that are looked at
AXES = 3
SHOWN = 60  # characters of a line that a message repeats

Warned = tuple[Structure, tuple[str, ...]]


@dataclass(frozen=True)
class _Atoms:
    """Elements of all atoms in order, and where they are from if not from the sixth line."""

    symbols: list[str]
    origin: str = ""


@dataclass(frozen=True)
class _Head:
    """Elements (none in VASP 4), their counts, and the number of the line after them."""

    symbols: list[str]
    counts: list[int]
    end: int


def is_poscar(text: str) -> bool:
    """Return whether the second line begins with a number and the next three with vectors.

    No CIF begins like that, so that an error can be told in terms of the right format.
    """
    lines = text.lstrip("\ufeff").split("\n", HEAD + MOST_BLANK)
    return _start(lines) is not None


def _start(lines: Sequence[str]) -> int | None:
    """Return the number of blank lines before the first one, which may be blank too."""
    for start in range(MOST_BLANK + 1):
        if _is_head([line[:LONGEST_LINE] for line in lines[start : start + HEAD]]):
            return start
        if not lines[start:] or lines[start].strip():
            break
    return None


def _is_head(lines: Sequence[str]) -> bool:
    if len(lines) < HEAD or not _leading_numbers(lines[1]):
        return False
    return all(len(_leading_numbers(line)) >= AXES for line in lines[2:])


def parse_poscar(text: str, max_sites: int) -> Warned:
    """Return the structure in a POSCAR, and warnings of what had to be assumed.

    Raises UnreadableStructure, StructureTooLarge, SeveralStructures, UnsupportedElement.
    """
    lines = text.lstrip("\ufeff").split("\n")
    lines = lines[_start(lines) or 0 :]
    lattice, scale = _cell(lines)
    head = _head(lines)
    check_raw_size(sum(head.counts), max_sites)
    start, cartesian = _mode(lines, head.end)
    rows = list(_rows(lines, start, sum(head.counts)))
    _check_end(lines, start + len(rows), sum(head.counts))
    atoms = _atoms(lines[0], head, rows)
    coordinates = np.array([row[0] for row in rows])
    positions = coordinates * scale if cartesian else coordinates
    numbers = [element_number(symbol) for symbol in atoms.symbols]
    structure = structure_of(lattice, numbers, positions, cartesian=cartesian)
    return structure, _doubts(atoms, rows) + isotope_warnings(atoms.symbols)


def _doubts(atoms: _Atoms, rows: Sequence[tuple[list[float], list[str]]]) -> tuple[str, ...]:
    """Return a warning where the sixth line has no elements, or others than the positions."""
    if atoms.origin:
        return (f"The POSCAR names no elements in its sixth line; {atoms.origin}.",)
    behind = [_element_behind(_without_comment(words)) for _, words in rows]
    others = [
        pair
        for pair in zip(behind, atoms.symbols, strict=True)
        if pair[0] and element_number(pair[0]) != element_number(pair[1])
    ]
    if not others:
        return ()
    found, used = others[0]
    warning = (
        f"The POSCAR has other symbols behind {len(others)} of its {len(rows)} positions than in "
        f"its sixth line, such as {found} for {used}; the sixth line is used."
    )
    return (warning,)


def _without_comment(words: Sequence[str]) -> list[str]:
    return list(takewhile(lambda word: not word.startswith(("!", "#")), words))


def _cell(lines: Sequence[str]) -> tuple[Lattice, NDArray[np.float64]]:
    """Return the lattice and the factors along x, y, z that Cartesian positions take too."""
    factors = _leading_numbers(lines[1])
    vectors = np.array([_leading_numbers(line)[:AXES] for line in lines[2:HEAD]])
    if len(factors) not in {1, AXES} or (len(factors) == AXES and min(factors) <= 0):
        raise _fault(lines, 1, "gives neither one scale factor nor three positive ones")
    scale = np.array(factors * (AXES // len(factors)))
    if factors[0] < 0:  # the volume
        volume = abs(float(np.linalg.det(vectors)))
        scale = np.full(AXES, (abs(factors[0]) / volume) ** (1 / 3) if volume > 0 else np.nan)
    if not np.isfinite(scale).all() or not np.isfinite(vectors).all() or not scale.all():
        raise _fault(lines, 1, "and the next three give no cell with a volume")
    lattice = Lattice(vectors * scale)
    check_cell(lattice)
    return lattice, scale


def _head(lines: Sequence[str]) -> _Head:
    symbols: list[str] = []
    line = HEAD
    while line < len(lines) and line < HEAD + 20 and not _counts(lines[line]):
        found = _symbols(lines, line)
        if not found:
            break
        symbols += found
        line += 1
    counts: list[int] = []
    while line < len(lines) and (not counts or len(counts) < len(symbols)):
        found_counts = _counts(lines[line])
        if not found_counts:
            break
        counts += found_counts
        line += 1
    _check_counts(lines, min(line, len(lines) - 1), symbols, counts)
    return _Head(symbols, counts, line)


def _check_counts(
    lines: Sequence[str], line: int, symbols: Sequence[str], counts: Sequence[int]
) -> None:
    if not counts and not symbols:
        raise _fault(lines, min(HEAD, line), "names no elements (sixth line of VASP 5 and later)")
    if not counts or (symbols and len(counts) != len(symbols)):
        raise UnreadableStructure(
            f"The POSCAR names {len(symbols)} elements but gives {len(counts)} numbers of atoms "
            f"(line {line + 1}: {lines[line][:SHOWN]!r}); give {len(symbols)} numbers."
        )
    if not sum(counts):
        raise _fault(lines, line, "gives no atoms")


def _symbols(lines: Sequence[str], line: int) -> list[str]:
    found = []
    for word in lines[line].replace(",", " ").split():
        if word.startswith(("!", "#")):
            break
        if PSEUDO.fullmatch(word):
            raise UnsupportedElement(
                f"The POSCAR holds pseudo-hydrogen {word} (line {line + 1}); the network knows "
                "real elements only: send a crystal without passivated surfaces."
            )
        if GLUED.fullmatch(word):
            labelled = _labelled(lines, line)
            if labelled:
                return labelled
            raise _fault(lines, line, "has counts behind its elements; give them in their own line")
        matched = SYMBOL.fullmatch(word)
        if matched is None:
            break
        if not element_number(matched[1]):
            if not matched[1][0].isupper():
                break
            raise UnsupportedElement(
                f"{word[:SHOWN]!r} in line {line + 1} of the POSCAR is not a known element."
            )
        found.append(matched[1])
    return found


def _labelled(lines: Sequence[str], line: int) -> list[str]:
    """Return the elements of labels such as Na1 Na2 Cl, whose counts are in the next line.

    Nothing of Na4 Cl4, whose numbers may be counts: those of labels are 1, 2, ... of each element.
    """
    labels = [match for match in map(LABEL.fullmatch, lines[line].split()) if match]
    symbols = [label[1] for label in labels]
    counts = _counts(lines[line + 1]) if line + 1 < len(lines) else []
    if not len(counts) == len(symbols) == len(lines[line].split()):
        return []
    for symbol in set(symbols):
        numbers = sorted(label[2] for label in labels if label[1] == symbol)
        is_plain = not any(numbers)
        if not is_plain and numbers != sorted(str(n + 1) for n in range(len(numbers))):
            return []
    return symbols if all(map(element_number, symbols)) else []


def _counts(line: str) -> list[int]:
    counts = []
    for word in line.replace(",", " ").split():
        if not COUNT.fullmatch(word):
            break
        counts.append(int(word))
    return counts


def _mode(lines: Sequence[str], line: int) -> tuple[int, bool]:
    """Return the number of the first line with a position, and whether positions are Cartesian."""
    if line < len(lines) and lines[line].strip()[:1].lower() == "s":
        line += 1
    if line >= len(lines):
        raise UnreadableStructure("The POSCAR ends before its atoms; send the whole file.")
    if len(_leading_numbers(lines[line])) >= AXES:
        raise _fault(lines, line, "should say Direct or Cartesian before the atoms follow")
    return line + 1, lines[line].strip()[:1].lower() in {"c", "k"}


def _rows(lines: Sequence[str], start: int, count: int) -> Iterator[tuple[list[float], list[str]]]:
    """Yield the position and the words behind it of each atom."""
    for line in range(start, start + count):
        if line >= len(lines) or not lines[line].strip():
            raise UnreadableStructure(
                f"The POSCAR has {count} atoms by its counts but only {line - start} positions, "
                f"up to line {line}; correct the counts or send the whole file."
            )
        numbers = _leading_numbers(lines[line])
        if len(numbers) < AXES or not all(map(math.isfinite, numbers[:AXES])):
            raise _fault(lines, line, "should be the position of an atom, three numbers")
        yield numbers[:AXES], lines[line].replace(",", " ").split()[AXES:]


def _check_end(lines: Sequence[str], line: int, count: int) -> None:
    rest = lines[line : line + 1]
    if rest and len(_leading_numbers(rest[0])) >= AXES:
        raise _fault(lines, line, f"is one position more than the {count} atoms of the counts")
    if any(REPEAT.match(later.strip()) for later in lines[line : line + 4 * count + 100]):
        raise SeveralStructures(
            "The file is an XDATCAR with several frames; send one of them as a POSCAR."
        )


def _atoms(comment: str, head: _Head, rows: Sequence[tuple[list[float], list[str]]]) -> _Atoms:
    """Return the element of each atom; VASP 4 has them in the first line or behind positions."""
    if head.symbols:
        return _Atoms(_repeated(head.symbols, head.counts))
    behind = [_element_behind(words) for _, words in rows]
    if all(behind):
        return _Atoms(behind, "they are taken from behind the positions")
    named = elements_in_comment(comment, head.counts)
    if named:
        return _Atoms(
            _repeated(named, head.counts),
            f"{', '.join(named)} are taken from its first line",
        )
    raise UnreadableStructure(
        "The POSCAR names no elements in its sixth line, as VASP 5 and later do, nor in its first "
        f"line ({comment.strip()[:SHOWN]!r}), nor behind the positions; add a line such as 'Na Cl' "
        "before the counts."
    )


def _repeated(symbols: Sequence[str], counts: Sequence[int]) -> list[str]:
    return [symbol for symbol, count in zip(symbols, counts, strict=True) for _ in range(count)]


def _element_behind(words: Sequence[str]) -> str:
    rest = [word for word in words if word not in {"T", "F", "!", "#"}]
    matched = re.fullmatch(r"([A-Z][a-z]?)\d*", rest[0]) if rest else None
    return matched[1] if matched and element_number(matched[1]) else ""


def _leading_numbers(line: str) -> list[float]:
    """Return the numbers that a line begins with, as Fortran reads them.

    None of 0,25 0,25 0,5, whose commas are no separators.
    """
    numbers: list[float] = []
    if "," in line and sum(map(bool, map(DECIMAL_COMMA.fullmatch, line.split()[:AXES]))) > 1:
        return numbers
    for word in line.replace(",", " ").split()[:4]:
        if not NUMBER.fullmatch(word):
            break
        numbers.append(float(word.lower().replace("d", "e")))
    return numbers


def _fault(lines: Sequence[str], line: int, fault: str) -> UnreadableStructure:
    return UnreadableStructure(
        f"Line {line + 1} of the POSCAR {fault}: {lines[line].strip()[:SHOWN]!r}."
    )
