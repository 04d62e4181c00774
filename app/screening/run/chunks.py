"""Chunks of a source: what is judged, written and found done together."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from app.screening.entry import Entry

CRYSTALS = 256  # of a chunk: seconds of work, which is what a kill costs
BYTES = 8_000_000  # of text in a chunk, so that memory does not depend on the crystals' sizes


@dataclass(frozen=True)
class Chunk:
    """Crystals of a source from the one with index `first` on; `number` counts chunks from 0."""

    number: int
    first: int
    entries: tuple[Entry, ...]

    @cached_property
    def key(self) -> str:
        """Digest of the crystals' ids and texts: another one where the source has changed."""
        digest = hashlib.sha256(str(self.first).encode())
        for entry in self.entries:
            text = entry.sha256 or repr(entry.error)
            digest.update(f"{entry.material_id}\0{text}\0".encode(errors="backslashreplace"))
        return digest.hexdigest()[:16]

    @property
    def name(self) -> str:
        """Name of the part that its rows are kept in."""
        return f"part-{self.number:09}-{len(self.entries)}-{self.key}.parquet"


def chunks(entries: Iterable[Entry]) -> Iterator[Chunk]:
    """Yield the chunks of a source; the same source gives the same ones."""
    number, first, n_bytes = 0, 0, 0
    held: list[Entry] = []
    for entry in entries:
        held.append(entry)
        n_bytes += len(entry.content)
        if len(held) == CRYSTALS or n_bytes >= BYTES:
            yield Chunk(number, first, tuple(held))
            number, first, n_bytes = number + 1, first + len(held), 0
            held = []
    if held:
        yield Chunk(number, first, tuple(held))
