"""Cache entries: records as JSON, of a stated version."""

from typing import TypeVar

from pydantic import ValidationError

from models.code import code_digest
from models.records import Record
from models.structure.stored import StoredStructure

Entry = TypeVar("Entry", bound=Record)

CACHE_VERSION = 5  # raise it when an entry's content changes its meaning


class MaterialRecord(Record):
    """The Materials Project's entry of an id: a structure, or nothing."""

    stored: StoredStructure | None


def key(kind: str, *parts: str) -> str:
    """Return the key of an entry; code of another version has keys of its own."""
    return ":".join(("paraisite", str(CACHE_VERSION), code_digest()[:16], kind, *parts))


def written(entry: Record) -> bytes:
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
