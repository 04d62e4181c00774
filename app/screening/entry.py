"""A crystal that is to be judged: what it is called, and how its structure is read."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn, Self

from models.structure.checks import StructureLimits
from models.structure.read import StructureFile, read_structure

Read = Callable[[], StructureFile]


@dataclass(frozen=True)
class Entry:
    """A crystal by its id, the sha256 of its text (null if that cannot be read), and its reader."""

    material_id: str
    sha256: str | None
    read: Read

    @classmethod
    def of_text(
        cls, material_id: str, text: bytes, parse: Callable[[bytes], StructureFile]
    ) -> Self:
        """Return the entry of a text that `parse` reads."""
        return cls(material_id, hashlib.sha256(text).hexdigest(), partial(parse, text))

    @classmethod
    def of_file(cls, name: str, load: Callable[[], bytes], limits: StructureLimits) -> Self:
        """Return the entry of a structure file; one that cannot be loaded fails when it is read."""
        material_id = os.fsencode(name).decode("utf-8", errors="backslashreplace")
        try:
            content = load()
        except (OSError, ValueError, MemoryError) as error:
            return cls(material_id, None, partial(_fail, error))
        return cls.of_text(material_id, content, partial(_parse, limits=limits, name=name))


def _parse(content: bytes, limits: StructureLimits, name: str) -> StructureFile:
    return read_structure(content, limits, name)


def _fail(error: Exception) -> NoReturn:
    raise error
