"""A data set file written page by page, resumable."""

import gzip
import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import DataError
from training.data.rows import Row


class Dropped(BaseModel):
    """An entry that is not in the file: its id at the source, and why."""

    model_config = ConfigDict(frozen=True)

    material_id: str
    reason: str


class Origin(BaseModel):
    """Origin of a data set: address, licence, citation."""

    model_config = ConfigDict(frozen=True)

    url: str
    licence: str
    cite: str


class FetchReport(BaseModel):
    """Result of a fetch, written beside the data set file."""

    source: str
    origin: Origin
    fetched: str
    n_rows: int
    sha256: str
    dropped: tuple[Dropped, ...]


class _Cursor(BaseModel):
    """State of a fetch: its request, the next position, the bytes of rows on disk."""

    source: str
    position: int = 0
    total: int | None = None
    size: int = 0
    dropped: tuple[Dropped, ...] = ()


class RowFile:
    """Rows on their way to `path`, kept in `path`.part with a cursor until they are all there.

    The cursor is replaced after the rows are on disk, so a stop between the two only repeats a
    page: rows past the cursor are cut off when the fetch goes on.
    """

    def __init__(self, path: Path, source: str, origin: Origin) -> None:
        """Start, or go on with, a fetch of `source`, which names the request.

        Raises DataError where `path` exists, or holds the unfinished fetch of another source.
        """
        if path.exists():
            raise DataError(f"{path} exists; delete or move it first.")
        self._path, self._origin = path, origin
        self._part = path.with_name(path.name + ".part")
        self._cursor_path = path.with_name(path.name + ".cursor.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._cursor = self._resumed(source)
        self._ids = self._safe_ids()

    @property
    def position(self) -> int:
        """Number of pages (or ids) done."""
        return self._cursor.position

    @property
    def total(self) -> int | None:
        """Number of rows that the source announced, where it did."""
        return self._cursor.total

    @property
    def n_seen(self) -> int:
        """Number of entries received, dropped ones included."""
        return len(self._ids) + len(self._cursor.dropped)

    def add(
        self, entries: Sequence[Row | Dropped], position: int, total: int | None = None
    ) -> None:
        """Keep a page's entries; the fetch then goes on from `position`.

        A row whose id came before is dropped.
        """
        rows: dict[str, Row] = {}
        dropped = list(self._cursor.dropped)
        for entry in entries:
            if isinstance(entry, Dropped):
                dropped.append(entry)
            elif entry.material_id in self._ids or entry.material_id in rows:
                reason = "the id is that of an earlier row"
                dropped.append(Dropped(material_id=entry.material_id, reason=reason))
            else:
                rows[entry.material_id] = entry
        size = self._append("".join(row.to_line() + "\n" for row in rows.values()))
        self._ids.update(rows)
        self._move_cursor(position=position, total=total, size=size, dropped=tuple(dropped))

    def finish(self) -> FetchReport:
        """Return the report after writing it and the compressed file, which appears at once."""
        content = gzip.compress(self._part.read_bytes(), mtime=0)
        report = FetchReport(
            source=self._cursor.source,
            origin=self._origin,
            fetched=datetime.now(UTC).date().isoformat(),
            n_rows=len(self._ids),
            sha256=hashlib.sha256(content).hexdigest(),
            dropped=self._cursor.dropped,
        )
        _replace(
            self._path.with_name(self._path.name + ".report.json"),
            report.model_dump_json(indent=2).encode(),
        )
        _replace(self._path, content)
        self._part.unlink()
        self._cursor_path.unlink()
        return report

    def _resumed(self, source: str) -> _Cursor:
        if not self._cursor_path.exists():
            return _Cursor(source=source)
        try:
            cursor = _Cursor.model_validate_json(self._cursor_path.read_bytes())
        except ValidationError as error:
            raise DataError(f"{self._cursor_path} is damaged; delete it to start again.") from error
        if cursor.source != source:
            raise DataError(
                f"{self._cursor_path} belongs to a fetch of {cursor.source}, not of {source}; "
                "delete it to start again."
            )
        return cursor

    def _safe_ids(self) -> set[str]:
        with self._part.open("ab") as part:
            if part.tell() < self._cursor.size:
                raise DataError(
                    f"{self._part} is shorter than {self._cursor_path} says; delete both to "
                    "start again."
                )
            part.truncate(self._cursor.size)
        lines = self._part.read_bytes().splitlines()
        return {Row.model_validate_json(line).material_id for line in lines}

    def _append(self, text: str) -> int:
        with self._part.open("ab") as part:
            part.write(text.encode())
            part.flush()
            os.fsync(part.fileno())
            return part.tell()

    def _move_cursor(
        self, *, position: int, total: int | None, size: int, dropped: tuple[Dropped, ...]
    ) -> None:
        self._cursor = _Cursor(
            source=self._cursor.source, position=position, total=total, size=size, dropped=dropped
        )
        _replace(self._cursor_path, self._cursor.model_dump_json().encode())


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.replace(path)
