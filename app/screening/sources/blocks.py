"""Files that hold several structures: each becomes a crystal of its own."""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.screening.entry import Entry
from models.errors import StructureError
from models.structure.content import text_of

BLOCK = re.compile(r"^data_\S*", re.MULTILINE | re.IGNORECASE)
TEXT_OR_BLOCK = re.compile(r"^;.*?^;|^data_\S*", re.MULTILINE | re.IGNORECASE | re.DOTALL)
POSITION = re.compile(r"^[ \t]*_atom_site[_.]fract_x", re.MULTILINE | re.IGNORECASE)


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
        text = text_of(entry.content, entry.limits.max_raw_bytes)
    except StructureError:
        return []
    if len(BLOCK.findall(text)) < 2:  # noqa: PLR2004
        return []
    starts = [match for match in TEXT_OR_BLOCK.finditer(text) if not match[0].startswith(";")]
    ends = [match.start() for match in starts[1:]] + [len(text)]
    blocks = [
        (match[0][5:], text[match.start() : end]) for match, end in zip(starts, ends, strict=True)
    ]
    return [(name, block.encode()) for name, block in blocks if POSITION.search(block)]
