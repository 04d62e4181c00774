"""Parts of a table that is not finished yet: one file a chunk, in a folder beside the table."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from app.screening.run.durable import UNFINISHED, replacing, write_durably
from app.screening.run.judge import Done
from app.screening.run.provenance import Run, Started
from app.screening.table.columns import COLUMNS
from models.errors import DataError

ERROR = COLUMNS.index("error")
PART = re.compile(r"part-\d{9}-\d+-[0-9a-f]{16}[.]parquet")
RUN, LOCK = "run.json", "lock"


@dataclass(frozen=True)
class Part:
    """A part of the table: its place and name, how many rows it has, `n_failed` with errors."""

    number: int
    name: str
    n_rows: int
    n_failed: int


class Parts:
    """The parts of a table in their folder; a part is there in full or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    @contextmanager
    def of(cls, table: Path) -> Iterator[Self]:
        """Give the parts of a table to this process alone.

        Raises DataError while another one has them, or where the disk cannot be written to.
        """
        parts = cls(table.with_name(f"{table.name}.parts"))
        try:
            parts.folder.mkdir(parents=True, exist_ok=True)
            held = _locked(parts.folder / LOCK, table)
        except OSError as error:
            raise DataError(
                f"{table} cannot be written: {error.strerror}; nothing is saved. Choose another "
                "place with --out."
            ) from error
        try:
            yield parts
        finally:
            if [path.name for path in parts.folder.iterdir()] == [LOCK]:
                shutil.rmtree(parts.folder)
            os.close(held)

    def begin(self, started: Started) -> Started:
        """Return how the run was started, now or before. Raises DataError if it is another run."""
        path = self.folder / RUN
        for unfinished in self.folder.glob(f"*{UNFINISHED}"):
            unfinished.unlink()
        if path.exists():
            return _same_run(path, started)
        write_durably(path, started.model_dump_json().encode())
        return started

    def names(self) -> frozenset[str]:
        """Return the names of the parts that are there."""
        return frozenset(filter(PART.fullmatch, (path.name for path in self.folder.iterdir())))

    def part(self, number: int, name: str) -> "Part":
        """Return what is known of a part without reading its rows. Raises DataError."""
        with self._reading(name) as path:
            group = pq.read_metadata(path).row_group(0)
            failed = group.num_rows - group.column(ERROR).statistics.null_count
            return Part(number, name, group.num_rows, failed)

    def add(self, done: Done) -> None:
        """Keep the rows of a chunk. Raises DataError that says what is saved when it cannot."""
        try:
            with replacing(self.folder / done.name) as unfinished:
                pq.write_table(done.rows, unfinished)
        except OSError as error:
            raise DataError(
                f"{self.folder} cannot be written ({error.strerror or error}). "
                f"{self.n_rows()} rows are saved there; make room and run the same "
                "command again to go on."
            ) from error

    def read(self, name: str) -> pa.Table:
        """Return the rows of a part. Raises DataError when it is damaged."""
        with self._reading(name) as path:
            return pq.read_table(path)

    @contextmanager
    def _reading(self, name: str) -> Iterator[Path]:
        path = self.folder / name
        try:
            yield path
        except (OSError, pa.ArrowException) as error:
            raise DataError(
                f"{path} is damaged ({error}); remove it and run the same command again."
            ) from error

    def n_rows(self) -> int:
        """Return how many rows the parts have together."""
        return sum(int(name.split("-")[2]) for name in self.names())

    def remove(self) -> None:
        """Remove the parts."""
        for path in self.folder.iterdir():
            if path.name != LOCK:
                path.unlink()


def _locked(path: Path, table: Path) -> int:
    """Return the descriptor of the lock; the folder may be removed by who held it before."""
    while True:
        held = os.open(path, os.O_CREAT | os.O_RDWR, 0o644)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            raise DataError(
                f"Another `paraisite screen` writes to {table}; wait for it, or choose another "
                "file with --out."
            ) from None
        if path.exists() and os.path.samestat(path.stat(), os.fstat(held)):
            return held
        os.close(held)
        path.parent.mkdir(parents=True, exist_ok=True)


def _same_run(path: Path, started: Started) -> Started:
    try:
        before = Started.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(f"{path} is no run of this version; remove {path.parent}.") from error
    check_same(before.run, started.run, path.parent)
    return before


def check_same(before: Run, now: Run, path: Path) -> None:
    """Raise DataError when a run is not the one that `path` is of."""
    old, new = before.model_dump(), now.model_dump()
    different = [f"{name} {old[name]}, not {new[name]}" for name in old if old[name] != new[name]]
    if different:
        raise DataError(
            f"{path} was begun with {'; '.join(different)}. Choose another --out, or remove it."
        )
