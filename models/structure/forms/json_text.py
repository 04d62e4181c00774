"""JSON text to values, within a bound on the time it takes."""

from typing import Any

import orjson

from models.errors import StructureTooLarge, UnreadableStructure

# The parser holds the interpreter's lock: these take it less than 100 ms.
MOST_CONTAINERS = 200_000
MOST_COMMAS = 1_000_000
NOT_FINITE = ("NaN", "Infinity", "nan", "inf")  # as Python's json writes them, and others


def parsed(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises StructureTooLarge, UnreadableStructure."""
    try:
        content = text.encode() if isinstance(text, str) else text
        _check(content)
        return orjson.loads(content)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        raise UnreadableStructure(
            f"The JSON cannot be read: {str(error)[:200]}; {_remedy(error)}."
        ) from error


def _remedy(error: orjson.JSONDecodeError | UnicodeEncodeError) -> str:
    if isinstance(error, orjson.JSONDecodeError):
        for name in NOT_FINITE:
            if error.doc.startswith(name, error.pos):
                return f"{name} is no number in JSON: write null instead, or leave the field out"
    return "send a whole JSON document"


def _check(content: bytes) -> None:
    containers = content.count(b"[") + content.count(b"{")
    if containers > MOST_CONTAINERS or content.count(b",") > MOST_COMMAS:
        raise StructureTooLarge(
            f"The JSON has more than {MOST_CONTAINERS} lists and objects, or {MOST_COMMAS} values; "
            "send one structure only, or many as JSON lines."
        )
