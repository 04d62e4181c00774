"""JSON text to values, within a bound on the time it takes."""

from typing import Any

import orjson

from models.errors import StructureTooLarge, UnreadableStructure

# The parser holds the interpreter's lock: these take it less than 100 ms.
MOST_CONTAINERS = 200_000
MOST_COMMAS = 1_000_000


def parsed(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises StructureTooLarge, UnreadableStructure."""
    try:
        content = text.encode() if isinstance(text, str) else text
        _check(content)
        return orjson.loads(content)
    except (orjson.JSONDecodeError, UnicodeEncodeError) as error:
        raise UnreadableStructure(
            f"The JSON cannot be read: {str(error)[:200]}; send a whole JSON document."
        ) from error


def _check(content: bytes) -> None:
    containers = content.count(b"[") + content.count(b"{")
    if containers > MOST_CONTAINERS or content.count(b",") > MOST_COMMAS:
        raise StructureTooLarge(
            f"The JSON has more than {MOST_CONTAINERS} lists and objects, or {MOST_COMMAS} values; "
            "send one structure only, or many as JSON lines."
        )
