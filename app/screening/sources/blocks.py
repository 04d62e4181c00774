"""Files that hold several structures: each becomes a crystal of its own."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.screening.entry import Entry
from models.errors import StructureError
from models.structure.content import unpacked

BLOCK = re.compile(rb"^data_\S*", re.MULTILINE | re.IGNORECASE)
TEXT_FIELD = re.compile(rb"^;.*?^;", re.MULTILINE | re.DOTALL)
POSITION = re.compile(rb"^\s*_atom_site[_.]fract_x", re.MULTILINE | re.IGNORECASE)


def split(entry: Entry) -> Iterator[Entry]:
    """Yield a file's crystals: itself, or each data block of a CIF with several structures.

    A block is called `file.cif#block`.
    """
    blocks = _blocks(entry) if entry.error is None else []
    if len(blocks) < 2:  # noqa: PLR2004 - the file itself is the one crystal
        yield entry
        return
    for name, text in blocks:
        yield replace(entry, material_id=f"{entry.material_id}#{name}", content=text)


def _blocks(entry: Entry) -> list[tuple[str, bytes]]:
    """Return name and text of each data block with atoms."""
    try:
        content = unpacked(entry.content, entry.limits.max_raw_bytes)
    except StructureError:
        return []
    if len(BLOCK.findall(content)) < 2:  # noqa: PLR2004
        return []
    fields = [match.span() for match in TEXT_FIELD.finditer(content)]
    starts = [
        match
        for match in BLOCK.finditer(content)
        if not any(first < match.start() < last for first, last in fields)
    ]
    ends = [match.start() for match in starts[1:]] + [len(content)]
    blocks = [
        (match[0][5:].decode(errors="backslashreplace"), content[match.start() : end])
        for match, end in zip(starts, ends, strict=True)
    ]
    return [(name, text) for name, text in blocks if POSITION.search(text)]
