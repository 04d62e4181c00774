"""The index of phonondb: crystals by Materials Project id, and where their force sets are."""

import re
from dataclasses import dataclass

from models.errors import DataError

LINE = re.compile(
    r"^\|\s*(?P<number>\d+)\s*\|[^|]*\|[^|]*\((?P<group>\d+)\)\s*\|.*\]\((?P<url>http[^)\s]+\.zip)\)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Calculation:
    """One crystal of phonondb; `url` is that of the archive with its force set."""

    material_id: str
    spacegroup: int
    url: str


def read_index(body: bytes) -> list[Calculation]:
    """Return the calculations that the index (a Markdown table) lists, in its order.

    Raises DataError where it lists none.
    """
    found = [
        Calculation(f"mp-{line['number']}", int(line["group"]), line["url"])
        for line in LINE.finditer(body.decode())
    ]
    if not found:
        raise DataError("The index of phonondb lists no archives; its form has changed.")
    return found
