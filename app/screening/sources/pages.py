"""Answers of a data base to a query, page by page, each kept on disk once it is there."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import orjson

from app.screening.entry import Entry
from app.screening.run.durable import write_durably
from app.screening.sources.records import record
from models.errors import DataError
from models.structure.checks import StructureLimits
from models.structure.content import GZIP_FAULTS


@dataclass(frozen=True)
class Page:
    """Documents with structures, and what the next page is asked for by; null for the last one."""

    documents: list[dict[str, Any]]
    next: str | None


Fetch = Callable[[str | None], Page]


class Query(Protocol):
    """A query of a data base; picklable."""

    @property
    def name(self) -> str:
        """The query in words."""

    def opened(self) -> AbstractContextManager[Fetch]:
        """Give what returns the first page, or that which another one's `next` names.

        It raises DataError. Its connections last to the end of the context.
        """


@dataclass(frozen=True)
class Paged:
    """Crystals of a query, from its pages in `folder` as far as they are there.

    What was fetched once is not asked for again, so that every pass gives the same crystals.
    """

    query: Query
    folder: Path
    limits: StructureLimits

    @classmethod
    def beside(cls, table: Path, query: Query, limits: StructureLimits) -> "Paged":
        """Return the crystals of a query whose pages are kept beside the table."""
        digest = sha256(query.name.encode()).hexdigest()[:8]
        return cls(query, table.with_name(f"{table.name}.source-{digest}"), limits)

    @property
    def name(self) -> str:
        """The query in words."""
        return self.query.name

    def entries(self) -> Iterator[Entry]:
        """Yield the crystal of each document. Raises DataError."""
        number, following = 0, None
        with self.query.opened() as fetch:
            while True:
                page = self._page(number, following, fetch)
                for place, document in enumerate(page.documents, 1):
                    content = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
                    yield record(content, f"document {place} of page {number}", self.limits)
                if page.next is None:
                    return
                number, following = number + 1, page.next

    def count(self) -> int | None:
        """Return nothing: a data base tells when it is asked."""
        return None

    def ignored(self) -> tuple[str, ...]:
        """Return nothing: every document has a row."""
        return ()

    def _page(self, number: int, following: str | None, fetch: Fetch) -> Page:
        path = self.folder / f"page-{number:06}.json.gz"
        try:
            if path.exists():
                return Page(**orjson.loads(gzip.decompress(path.read_bytes())))
        except (*GZIP_FAULTS, OSError, ValueError, TypeError) as error:
            raise DataError(f"{path} is damaged; remove it and run again.") from error
        page = fetch(following)
        content = {"documents": page.documents, "next": page.next}
        self.folder.mkdir(parents=True, exist_ok=True)
        packed = gzip.compress(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))
        write_durably(path, packed)
        return page
