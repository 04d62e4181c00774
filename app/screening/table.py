"""The table of a screening on disk, as CSV or JSON lines: read, continued, appended to."""

import csv
import fcntl
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.screening.outcome import COLUMNS, Row
from models.errors import DataError

FORMATS = (".csv", ".jsonl")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet takes text that begins so for a formula
QUOTE = "'"  # before such text; a spreadsheet does not show it


@contextmanager
def exclusive(out: Path) -> Iterator[None]:
    """Keep other processes from writing to `out`. Raises DataError while one does."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataError(
                f"Another `paraisite screen` writes to {out}; wait for it, or choose another file."
            ) from None
        yield


def continue_table(out: Path, digest: str) -> list[Row]:
    """Return the finished rows of `out`, and cut off one that an interruption left unfinished.

    A file that is not a table of the ensemble with this digest stays as it is: raises DataError.
    """
    if not out.exists():
        return []
    content = out.read_bytes()
    finished = content.rfind(b"\n") + 1
    if content and not finished:
        raise DataError(f"{out} has no finished line; choose another file, or remove it.")
    rows = _parse(out, content[:finished])
    _check_ensemble(out, rows, digest)
    if finished < len(content):
        os.truncate(out, finished)
    return rows


def read_table(out: Path) -> list[Row]:
    """Return the rows of a whole table. Raises DataError when it is none."""
    return _parse(out, out.read_bytes())


@contextmanager
def appending(out: Path) -> Iterator[Callable[[Row], None]]:
    """Give a function that appends a row, flushed so that an interruption loses none."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8", errors="backslashreplace", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        if out.suffix == ".csv" and file.tell() == 0:
            table.writeheader()

        def write(row: Row) -> None:
            if out.suffix == ".csv":
                table.writerow({column: _quoted(value) for column, value in row.items()})
            else:
                file.write(json.dumps(row) + "\n")
            file.flush()

        yield write


def _parse(out: Path, content: bytes) -> list[Row]:
    if not content:
        return []
    try:
        text = content.decode()
        columns, rows = _csv_rows(text) if out.suffix == ".csv" else _json_rows(text)
    except (ValueError, TypeError, csv.Error) as error:
        raise DataError(
            f"{out} is not a table that `paraisite screen` wrote ({error}); choose another file."
        ) from error
    if columns != {COLUMNS}:
        raise DataError(f"{out} has other columns than are written now; choose another file.")
    return rows


def _csv_rows(text: str) -> tuple[set[tuple[str, ...]], list[Row]]:
    """Return what columns there are, and the rows."""
    header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = [dict(zip(header, map(_unquoted, line), strict=True)) for line in lines]
    return {tuple(header)}, rows


def _quoted(value: object) -> object:
    """Return a cell's value, text so that no spreadsheet takes it for a formula."""
    is_formula = isinstance(value, str) and value.startswith((*FORMULA, QUOTE))
    return f"{QUOTE}{value}" if is_formula else value


def _unquoted(cell: str) -> str:
    return cell.removeprefix(QUOTE)


def _json_rows(text: str) -> tuple[set[tuple[str, ...]], list[Row]]:
    rows = [json.loads(line) for line in text.splitlines()]
    return {tuple(row) for row in rows}, rows


def _check_ensemble(out: Path, rows: list[Row], digest: str) -> None:
    others = {row["digest"] for row in rows} - {digest}
    if others:
        raise DataError(
            f"{out} was begun with another ensemble ({', '.join(sorted(others))}); "
            "choose another file, or remove it."
        )
