"""What the cache holds: entries as JSON, of a stated version."""

from typing import TypeVar

from pydantic import ValidationError

from app.schemas import Document
from models.code import code_digest
from models.structure.stored import StoredStructure

Entry = TypeVar("Entry", bound=Document)

CACHE_VERSION = 4  # raise it when an entry's content changes its meaning


class MaterialRecord(Document):
    """What the Materials Project has under an id: a structure, or nothing."""

    stored: StoredStructure | None


def key(kind: str, *parts: str) -> str:
    """Return the key of an entry; code of another version has keys of its own."""
    return ":".join(("paraisite", str(CACHE_VERSION), code_digest()[:16], kind, *parts))


def written(entry: Document) -> bytes:
    """Return the entry as the cache holds it."""
    return entry.model_dump_json().encode()


def read(kind: type[Entry], value: bytes | None) -> Entry | None:
    """Return the cached entry; one that another version wrote counts as none."""
    if value is None:
        return None
    try:
        return kind.model_validate_json(value)
    except ValidationError:
        return None
