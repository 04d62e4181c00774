"""Structures in a file of JSON lines: `{"material_id": ..., "structure": {...}}` each.

Whatever form of JSON document is read elsewhere is read here too.
"""

import gzip
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from app.screening.entry import Entry
from models.errors import DataError
from models.structure.checks import StructureLimits
from models.structure.read import read_record

MARK = b"\xef\xbb\xbf"  # byte order mark, which Windows tools put before the first line


class _Named(BaseModel):
    """What a record is called in the data bases of the field; ids are often numbers."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    material_id: str = Field(validation_alias=AliasChoices("material_id", "jid", "id", "mp_id"))


def count_records(path: Path) -> int:
    """Return how many lines are not blank. Raises DataError when the file is damaged."""
    return sum(1 for _ in _lines(path))


def read_records(path: Path, limits: StructureLimits) -> Iterator[Entry]:
    """Yield the entry of each line that is not blank; one without an id goes by its number."""
    for number, line in _lines(path):
        try:
            material_id = _Named.model_validate_json(line).material_id
        except ValidationError:
            material_id = f"line {number}"
        yield Entry.of_text(material_id, line, partial(read_record, limits=limits))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                content = line.removeprefix(MARK).strip()
                if content:
                    yield number, content
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is not a whole gzip file ({error}); copy or fetch it again."
        ) from error
