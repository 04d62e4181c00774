"""A crystal that is to be judged: what it is called, and how its structure is read."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn, Self

from pymatgen.core import Structure

from models.structure.checks import StructureLimits
from models.structure.read import parse_structure

Read = Callable[[], Structure]


@dataclass(frozen=True)
class Entry:
    """A crystal by its id, the sha256 of its text (null if that cannot be read), and its reader."""

    material_id: str
    sha256: str | None
    read: Read

    @classmethod
    def of_text(cls, material_id: str, text: bytes, parse: Callable[[bytes], Structure]) -> Self:
        """Return the entry of a text that `parse` makes a structure of."""
        return cls(material_id, hashlib.sha256(text).hexdigest(), partial(parse, text))

    @classmethod
    def of_file(cls, name: str, load: Callable[[], bytes], limits: StructureLimits) -> Self:
        """Return the entry of a CIF or POSCAR; a file that cannot be read fails when it is."""
        material_id = os.fsencode(name).decode("utf-8", errors="backslashreplace")
        try:
            content = load()
        except (OSError, ValueError, MemoryError) as error:
            return cls(material_id, None, partial(_fail, error))
        return cls.of_text(material_id, content, partial(_parse, limits=limits))


def _parse(content: bytes, limits: StructureLimits) -> Structure:
    return parse_structure(content.decode("utf-8", errors="replace"), limits)


def _fail(error: Exception) -> NoReturn:
    raise error
