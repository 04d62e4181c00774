"""Structures in a file of JSON lines: `{"material_id": ..., "structure": {...}}` each."""

import gzip
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from pymatgen.core import Structure

from app.screening.entry import Entry
from models.errors import DataError, UnreadableStructure
from models.records import refusal
from models.structure.checks import StructureLimits, check_structure
from models.structure.stored import StoredStructure


class _Named(BaseModel):
    """What a record is called; ids are often numbers."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    material_id: str


class _Record(_Named):
    """A record; fields besides these, such as a data set's labels, do not matter."""

    structure: StoredStructure


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
        yield Entry.of_text(material_id, line, partial(_parse, limits=limits))


def _parse(line: bytes, limits: StructureLimits) -> Structure:
    try:
        record = _Record.model_validate_json(line)
    except ValidationError as error:
        raise UnreadableStructure(
            "The line is not {material_id, structure: {lattice, species, frac_coords}} "
            f"({refusal(error)})."
        ) from error
    return check_structure(record.structure.structure(), limits)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line.strip()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is not a whole gzip file ({error}); copy or fetch it again."
        ) from error
