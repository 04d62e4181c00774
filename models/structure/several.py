"""Files that hold several structures, taken apart into files of one each."""

import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.errors import SeveralStructures, StructureError, StructureTooLarge
from models.structure.checks import StructureLimits
from models.structure.cif.block import only_block
from models.structure.cif.text import chunks, plain_text, read_blocks
from models.structure.content import ZIP, members, text_of
from models.structure.forms.documents import is_document
from models.structure.forms.poscar import is_poscar
from models.structure.forms.xyz import is_xyz

LISTS = ("data", "structures", "entries")  # fields with a list of documents
IDS = ("material_id", "jid", "id", "name", "auid")
LONGEST_NAME = 100


@dataclass(frozen=True)
class Part:
    """One structure of a file: its name in it, and a file of its own that `read_structure` takes.

    The name is that of the data block, archive member or document, else its number from 1.
    """

    name: str
    content: bytes


def parts_of(content: bytes, limits: StructureLimits) -> tuple[Part, ...]:
    """Return the structures of a file, or the file itself, without a name, if it holds one.

    A file that cannot be unpacked or taken apart is returned as it is: reading it says why.
    """
    try:
        found = list(_parts(content, limits))
    except (StructureError, orjson.JSONDecodeError, zipfile.BadZipFile, ValueError):
        found = []
    if len(found) < 2:  # noqa: PLR2004 - it is one file
        return (Part("", content),)
    names = _distinct([name or str(number) for number, (name, _) in enumerate(found, 1)])
    return tuple(Part(name, part) for name, (_, part) in zip(names, found, strict=True))


def _parts(content: bytes, limits: StructureLimits) -> Iterator[tuple[str, bytes]]:
    if content.startswith(ZIP):
        yield from _of_archive(content, limits)
        return
    text = text_of(content, limits.max_raw_bytes)
    if is_poscar(text):
        return
    if is_document(text):
        yield from _of_document(orjson.loads(text.lstrip("\ufeff")))
    elif is_xyz(text):
        yield from _of_frames(text.split("\n"))
    else:
        yield from _of_blocks(text)


def _of_archive(content: bytes, limits: StructureLimits) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        left = limits.max_raw_bytes
        for name in members(archive):
            with archive.open(name) as member:
                inner = member.read(left + 1)
            left -= len(inner)
            if left < 0:
                raise StructureTooLarge("The zip archive is too large.")
            yield name, inner


def _of_document(document: Any) -> Iterator[tuple[str, bytes]]:
    if isinstance(document, dict):
        document = next((document[key] for key in LISTS if key in document), None)
    for one in document if isinstance(document, list) else ():
        if isinstance(one, dict):
            named = next((str(one[key]) for key in IDS if one.get(key)), "")
            yield named, orjson.dumps(one)


def _of_frames(lines: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    start = 0
    while start < len(lines) and lines[start].strip():
        count = int(lines[start])
        if count < 1:
            raise ValueError(f"{count} atoms")
        end = start + count + 2
        yield "", "\n".join([*lines[start:end], ""]).encode()
        start = end


def _of_blocks(text: str) -> Iterator[tuple[str, bytes]]:
    found = [c for c in chunks(plain_text(text).split("\n")) if c.may_hold_structure]
    if len(found) > 1 and _are_different(text):
        for chunk in found:
            yield chunk.name, "\n".join(chunk.lines).encode()


def _are_different(text: str) -> bool:
    """Tell whether the data blocks are not one structure that is written several times."""
    try:
        only_block(read_blocks(text))
    except SeveralStructures:
        return True
    return False


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names, cut short, with a number behind those that come again."""
    times: Counter[str] = Counter()
    found = []
    for short in (name[:LONGEST_NAME] for name in names):
        times[short] += 1
        found.append(short if times[short] == 1 else f"{short}~{times[short]}")
    return found
