"""The screening itself: from a source to a table, with its progress."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app.screening.entry import Entry
from app.screening.judging import outcomes
from app.screening.source import Source
from app.screening.table import appending, continue_table, exclusive
from app.service.ensembles import ServedEnsemble


@dataclass(frozen=True)
class Progress:
    """How far a screening is: crystals `done` of `total`, `failed` ones, crystals per second."""

    done: int
    total: int
    failed: int
    rate: float

    def __str__(self) -> str:
        left = (self.total - self.done) / self.rate if self.rate else 0.0
        return (
            f"{self.done}/{self.total} crystals, {self.failed} failed, "
            f"{self.rate:.1f}/s, {left:.0f} s left   "
        )


@dataclass
class _Count:
    """The source's crystals that have a row: written now, or passed over as written before."""

    total: int
    written: int = 0
    passed: int = 0
    failed: int = 0
    start: float = field(default_factory=time.perf_counter)

    def progress(self) -> Progress:
        rate = self.written / (time.perf_counter() - self.start)
        return Progress(self.passed + self.written, self.total, self.failed, rate)


def screen(source: Source, ensemble: ServedEnsemble, out: Path, batch: int) -> Iterator[Progress]:
    """Write a row for each crystal that `out` lacks, and yield the progress after each batch.

    A crystal has its row when one has its id and the sha256 of its text: files may move as a whole,
    and a table may hold several sources. Raises DataError when `out` is not a table of this
    ensemble, or another process writes to it; it stays as it is then.
    """
    with exclusive(out):
        yield from _screen(source, ensemble, out, batch)


def _screen(source: Source, ensemble: ServedEnsemble, out: Path, batch: int) -> Iterator[Progress]:
    rows = continue_table(out, ensemble.digest)
    failures = {(row["material_id"], row["sha256"] or None): bool(row["error"]) for row in rows}
    count = _Count(source.total)
    with appending(out) as write:
        todo = _without_row(source, failures, count)
        for outcome in outcomes(todo, ensemble, batch):
            write(outcome.row())
            count.written += 1
            count.failed += outcome.error is not None
            if count.written % batch == 0:
                yield count.progress()
    yield count.progress()


def _without_row(
    source: Source, failures: dict[tuple[str, str | None], bool], count: _Count
) -> Iterator[Entry]:
    for entry in source.entries:
        failed = failures.get((entry.material_id, entry.sha256))
        if failed is None:
            yield entry
        else:
            count.passed += 1
            count.failed += failed
