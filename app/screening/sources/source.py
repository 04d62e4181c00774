"""What a screening asks of a source."""

from collections.abc import Iterator
from typing import Protocol

from app.screening.entry import Entry


class Source(Protocol):
    """Crystals that can be read again and again in the same order; picklable."""

    @property
    def name(self) -> str:
        """What the source is, as it is kept in the provenance."""

    def entries(self) -> Iterator[Entry]:
        """Yield the crystals, one in memory at a time. Raises DataError when it is not whole."""

    def count(self) -> int | None:
        """Return how many crystals there are, as far as that is quickly known."""

    def ignored(self) -> tuple[str, ...]:
        """Return the names of files that are no structure."""
