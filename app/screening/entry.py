"""A crystal that is to be judged: what it is called, and how its structure is read."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from models.errors import StructureError
from models.structure.checks import StructureLimits
from models.structure.read import StructureFile, read_record, read_structure


@dataclass(frozen=True)
class Entry:
    """A crystal by its id and its text; `is_record`: a JSON document, not a file.

    `error`: why the text could not be had; it is raised when the crystal is read.
    """

    material_id: str
    content: bytes
    limits: StructureLimits
    is_record: bool = False
    error: Exception | None = None

    @classmethod
    def of_file(cls, name: str, load: Callable[[], bytes], limits: StructureLimits) -> Self:
        """Return the entry of a structure file; one that cannot be loaded fails when it is read."""
        material_id = printable(name)
        try:
            return cls(material_id, load(), limits)
        except (OSError, ValueError, MemoryError, StructureError) as error:
            return cls(material_id, b"", limits, error=error)

    @property
    def sha256(self) -> str | None:
        """sha256 of the text; null where it could not be had."""
        return None if self.error else hashlib.sha256(self.content).hexdigest()

    def read(self) -> StructureFile:
        """Return the structure. Raises StructureError, and why the text could not be had."""
        if self.error:
            raise self.error
        if self.is_record:
            return read_record(self.content, self.limits)
        return read_structure(self.content, self.limits, self.material_id)


def printable(name: str) -> str:
    """Return a file's name as text, bytes that are no UTF-8 escaped."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")
