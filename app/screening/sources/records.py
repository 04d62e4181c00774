"""Structures in a file of JSON lines: `{"material_id": ..., "structure": {...}}` each.

Whatever form of JSON document is read elsewhere is read here too.
"""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from app.screening.entry import Entry
from app.screening.sources.on_disk import OnDisk
from models.errors import DataError
from models.structure.checks import StructureLimits
from models.structure.content import GZIP_FAULTS

MARK = b"\xef\xbb\xbf"  # byte order mark, which Windows tools put before the first line
# The first one that a document has; `POST /predict/batch` has the same.
IDS = ("material_id", "jid", "immutable_id", "id", "mp_id", "name")


class _Named(BaseModel):
    """What a record is called in the data bases of the field; ids are often numbers, or null."""

    material_id: Any = None
    jid: Any = None
    immutable_id: Any = None
    id: Any = None
    mp_id: Any = None
    name: Any = None

    @property
    def first(self) -> str | None:
        """The first of the ids that is one."""
        found = (getattr(self, name) for name in IDS)
        return next((str(each) for each in found if isinstance(each, str | int | float)), None)


@dataclass(frozen=True)
class Records(OnDisk):
    """Structures in the lines of a .jsonl or .jsonl.gz file."""

    def entries(self) -> Iterator[Entry]:
        """Yield the crystal of each line that is not blank. Raises DataError."""
        for number, line in self._lines():
            yield record(line, f"line {number}", self.limits)

    def count(self) -> int:
        """Return how many lines are not blank. Raises DataError when the file is damaged."""
        return sum(1 for _ in self._lines())

    def ignored(self) -> tuple[str, ...]:
        """Return nothing: every line has a row."""
        return ()

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        opened = gzip.open if self.suffix == ".gz" else open
        try:
            with opened(self.path, "rb") as lines:
                for number, line in enumerate(lines, 1):
                    content = line.removeprefix(MARK).strip()
                    if content:
                        yield number, content
        except GZIP_FAULTS as error:
            raise DataError(
                f"{self.path} is not a whole gzip file ({error}); copy or fetch it again."
            ) from error


def record(document: bytes, otherwise: str, limits: StructureLimits) -> Entry:
    """Return the crystal of a JSON document; one without an id goes by another name."""
    try:
        material_id = _Named.model_validate_json(document).first
    except ValidationError:
        material_id = None
    return Entry(
        otherwise if material_id is None else material_id, document, limits, is_record=True
    )
