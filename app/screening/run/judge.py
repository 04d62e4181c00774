"""A judge of chunks: made in one process, used in another, where it loads its ensemble."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import pyarrow as pa

from app.schemas import EnsembleReference
from app.screening.judging import outcomes
from app.screening.probability import Thresholds
from app.screening.run.chunks import Chunk
from app.screening.table.columns import table_of
from app.service.ensembles import ServedEnsemble
from models.network.batch import MAX_CRYSTALS

Load = Callable[[], ServedEnsemble]


@dataclass(frozen=True)
class Done:
    """A chunk that is done: its place, the name of its part, and the rows if they are new."""

    number: int
    name: str
    rows: pa.Table | None = None


class Judge(Protocol):
    """Makes rows of chunks; picklable."""

    @property
    def thresholds(self) -> Thresholds:
        """Thresholds of the probabilities."""

    def identify(self) -> EnsembleReference:
        """Return which ensemble this is. Raises EnsembleError."""

    def judge(self, chunk: Chunk) -> Done:
        """Return the rows of a chunk."""


@dataclass(frozen=True)
class EnsembleJudge:
    """Judges chunks by the ensemble that `load` gives, which a process calls once.

    `load` must be hashable, and for other processes picklable.
    """

    load: Load
    thresholds: Thresholds

    def ensemble(self) -> ServedEnsemble:
        """Return the ensemble. Raises EnsembleError."""
        return _loaded(self.load)

    def identify(self) -> EnsembleReference:
        """Return which ensemble this is. Raises EnsembleError."""
        ensemble = self.ensemble()
        return EnsembleReference(name=ensemble.name, digest=ensemble.digest)

    def judge(self, chunk: Chunk) -> Done:
        """Return the rows of a chunk."""
        found = outcomes(chunk.entries, self.ensemble(), MAX_CRYSTALS)
        rows = [
            outcome.row(index, self.thresholds) for index, outcome in enumerate(found, chunk.first)
        ]
        return Done(chunk.number, chunk.name, table_of(rows))


@cache
def _loaded(load: Load) -> ServedEnsemble:
    return load()
