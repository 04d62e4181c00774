"""Text of a CIF made fit for gemmi's reader: characters, data blocks, known slips repaired."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gemmi import cif

from models.errors import UnreadableStructure

SHOWN = 60  # characters of the CIF that a message repeats
SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"
DASHES = "\u2010\u2011\u2012\u2013\u2212"
PLAIN = str.maketrans(
    {
        **dict.fromkeys(SPACES, " "),
        **dict.fromkeys(DASHES, "-"),
        **dict.fromkeys("\ufeff\u200b\u200c\u200d\u2060", ""),
        **{chr(code): " " for code in range(32) if chr(code) not in "\t\n"},
    }
)
ESCAPED = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U(000[0-9a-f]{5})")
PLACE = re.compile(r":(\d+):(\d+)(?:\(\d+\))?: (.*)", re.DOTALL)
TRIPLE = re.compile(r"'''.*?'''|\"\"\".*?\"\"\"", re.DOTALL)
UNQUOTED = re.compile(r"\s*(_\S+)\s+([^\s'\"_#].*\S)\s*")
NEEDED = re.compile(
    r"_(atom_site[_.]|cell[_.]|symmetry|space_?group|chemical_formula|exptl_crystal_density|sg_|parent_|audit_)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Block:
    """A data block as gemmi reads it, and the warnings of what was repaired in it."""

    block: cif.Block
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chunk:
    """The lines of one data block, and how many lines are before it."""

    lines: list[str]
    before: int

    @property
    def name(self) -> str:
        """The name behind data_, else nothing."""
        lines = (line.strip() for line in self.lines)
        first = next((line for line in lines if line[:5].lower() == "data_"), "")
        return first[5:].split(" ")[0]

    @property
    def may_hold_structure(self) -> bool:
        """Whether a line gives fractional positions."""
        return any("_fract_" in line.lower() for line in self.lines)


def read_blocks(text: str) -> list[Block]:
    """Return the data blocks of a CIF. One that is malformed is left out if it holds no structure.

    Raises UnreadableStructure with the line, column and words at fault.
    """
    if not text.strip():
        raise UnreadableStructure("The text is empty; send the content of a structure file.")
    plain = plain_text(text)
    try:
        return [Block(block) for block in _parsed(plain)]
    except (ValueError, RuntimeError) as error:
        lines = plain.translate(PLAIN).split("\n")  # without control characters
        found = list(chunks(lines))
        if not any(chunk.may_hold_structure for chunk in found):
            raise _syntax_error(str(error), lines, 0) from error
    return [block for chunk in found for block in _read_chunk(chunk)]


def plain_text(text: str) -> str:
    """Return the text with plain spaces and without marks that cannot be seen."""
    return text if text.isascii() and "\0" not in text else text.translate(PLAIN)


def shown(text: str) -> str:
    """Return words of the CIF as they are in the file, cut short."""
    return unescaped(text[: 2 * SHOWN])[:SHOWN]


def unescaped(text: str) -> str:
    """Return a text with the characters that gemmi's reader was given as escapes."""
    return ESCAPED.sub(lambda code: chr(int(code[1] or code[2] or code[3], 16)), text)


def without_bulk(text: str) -> str:
    """Return a CIF without the loops and text fields that no structure needs, line by line.

    Reflections and powder patterns are most of many files.
    """
    return "\n".join(_needed(text.split("\n")))


def _parsed(text: str) -> list[cif.Block]:
    """Read by gemmi, whose CIFs are ASCII; level 0 lets repeated and empty entries pass."""
    return list(cif.read_string(text.encode("ascii", errors="backslashreplace"), 0))


def chunks(lines: list[str]) -> Iterator[Chunk]:
    """Yield the data blocks of a CIF as lines, without reading them."""
    start, in_field = 0, False
    for number, line in enumerate(lines):
        if line.startswith(";"):
            in_field = not in_field
        elif not in_field and line.lstrip()[:5].lower() == "data_" and number > start:
            yield Chunk(lines[start:number], start)
            start = number
    yield Chunk(lines[start:], start)


def _read_chunk(chunk: Chunk) -> list[Block]:
    try:
        return [Block(block) for block in _parsed("\n".join(chunk.lines))]
    except (ValueError, RuntimeError) as error:
        if not chunk.may_hold_structure:
            return []
        fault = _syntax_error(str(error), chunk.lines, chunk.before)
    repaired, warnings = _repaired(chunk)
    for lines in (repaired, list(_needed(repaired))):
        try:
            blocks = _parsed("\n".join(lines))
        except (ValueError, RuntimeError):
            continue
        return [Block(block, tuple(warnings)) for block in blocks]
    raise fault


def _repaired(chunk: Chunk) -> tuple[list[str], list[str]]:
    """Return the lines with slips repaired whose meaning is plain, and a warning of each kind."""
    text = TRIPLE.sub(lambda field: "\n" * field[0].count("\n") + " '?'", "\n".join(chunk.lines))
    lines, warnings, in_field, in_loop = text.split("\n"), [], False, False
    first = next((i for i, line in enumerate(lines) if line.strip() and line.lstrip()[0] != "#"), 0)
    if re.match(r"\s*(_|loop_)", lines[first]):
        lines[first] = f"data_ {lines[first]}"
        warnings.append("The CIF has no data_ line; it is read as one data block.")
    for number, line in enumerate(lines):
        if line.startswith(";"):
            in_field = not in_field
        elif not in_field:
            lower = line.strip().lower()
            in_loop = lower.startswith("loop_") or (in_loop and not _is_pair(lower))
            lines[number], warning = _repaired_line(line, in_loop=in_loop)
            warnings += [warning] if warning else []
    return lines, warnings


def _repaired_line(line: str, *, in_loop: bool) -> tuple[str, str]:
    """Return a line with the spaces of its block's name or of its value marked, and a warning."""
    lower = line.strip().lower()
    if lower.startswith("data_"):
        return ("_".join(line.split()) if " _" not in lower and "\t_" not in lower else line), ""
    bare = None if in_loop else UNQUOTED.fullmatch(line)
    if not bare or not _is_bare(bare[2]):
        return line, ""
    said = f"The value of {bare[1]} has no quotes; it is read as '{bare[2][:SHOWN]}'."
    return f"{bare[1]} '{bare[2]}'", said if NEEDED.match(bare[1]) else ""


def _is_pair(line: str) -> bool:
    return line.startswith("_") and len(line.split(None, 1)) > 1


def _is_bare(value: str) -> bool:
    return len(value.split()) > 1 and "'" not in value and "#" not in value and " _" not in value


def _needed(lines: list[str]) -> Iterator[str]:
    """Yield the lines of the data blocks' heads, of short entries, and of the loops needed."""
    state, in_field, header = _Filter(), False, ""
    for line in lines:
        if line.startswith(";"):
            in_field = not in_field
        elif not in_field and not state.take(line):
            continue
        if not in_field and line.strip().lower() == "loop_":
            header = line  # kept if the first tag is needed
        elif state.keep:
            yield from (header, line) if header else (line,)
            header = ""


@dataclass
class _Filter:
    """Whether lines belong to an entry that is needed, and to the header of a loop."""

    keep: bool = True
    in_header: bool = False

    def take(self, line: str) -> bool:
        """Note what a line outside of text fields begins; return whether it may be needed."""
        word = line.lstrip()[:100]
        lower = word.lower()
        if not word or word.startswith("#"):
            return False
        if lower.startswith(("data_", "loop_")):
            self.in_header = lower.startswith("loop_")
            first = lower[5:].strip() if self.in_header else ""
            self.keep = not first.startswith("_") or NEEDED.match(first) is not None
        elif word.startswith("_"):
            is_needed = NEEDED.match(word) is not None
            self.keep = is_needed and (self.keep or not self.in_header)
            self.in_header = self.in_header and not _is_pair(word)
        else:
            self.in_header = False
        return True


def _syntax_error(message: str, lines: list[str], before: int) -> UnreadableStructure:
    place = PLACE.search(message)
    if not place:
        return UnreadableStructure(f"The text is not a CIF ({message[:SHOWN]}).")
    number, column, fault = int(place[1]), int(place[2]), place[3]
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    where = f"line {number + before}, column {column + 1}: {line[:SHOWN]!r}"
    if "expected block header" in fault:
        return UnreadableStructure(
            f"The text is neither a CIF, which begins with data_, nor a POSCAR nor another "
            f"structure file that is read ({where}); send the content of a structure file."
        )
    if "number of values" in fault:
        return UnreadableStructure(
            f"The CIF is malformed in the loop at {where} ({shown(fault)}): a row has too few or "
            "too many values, or two numbers ran together; correct the row."
        )
    return UnreadableStructure(
        f"The CIF is malformed at {where} ({shown(fault)}); correct this line."
    )
