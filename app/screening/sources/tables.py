"""Structures in the rows of a Parquet or CSV file.

Columns are named as the fields of the JSON documents that are read elsewhere: `cif`, `structure`,
`poscar`, or those of OPTIMADE as in LeMat-Bulk.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from app.screening.entry import Entry
from app.screening.sources.on_disk import OnDisk
from app.screening.sources.records import IDS, record
from models.errors import DataError
from models.structure.content import GZIP_FAULTS
from models.structure.forms.documents import NESTED, TEXTS

SUFFIXES = (".parquet", ".csv", ".csv.gz")
PARTS = (
    "lattice_vectors", "species_at_sites", "cartesian_site_positions", "dimension_types",
    "lattice", "species", "frac_coords", "cart_coords", "sites",
    "lattice_mat", "elements", "coords", "cartesian",
    "cell", "positions", "numbers", "symbols", "pbc",
)  # fmt: skip
STATED = ("chemical_formula_reduced", "nperiodic_dimensions", "structure_features")
READ = frozenset((*IDS, *TEXTS, *NESTED, *PARTS, *STATED))  # columns that say what a crystal is
FAULTS = (*GZIP_FAULTS, OSError, ValueError, csv.Error, pa.ArrowException)
ROWS = 200  # that are in memory at once

Values = dict[str, Any]


@dataclass(frozen=True)
class Table(OnDisk):
    """Structures in the rows of a Parquet or CSV file."""

    def entries(self) -> Iterator[Entry]:
        """Yield the crystal of each row. Raises DataError."""
        for number, row in enumerate(self._rows(), 1):
            document = orjson.dumps(_known(row), option=orjson.OPT_NON_STR_KEYS, default=str)
            yield record(document, f"row {number}", self.limits)

    def count(self) -> int | None:
        """Return the number of rows; that of a CSV is known at its end only."""
        if self.suffix != ".parquet":
            return None
        with _readable(self.path):
            return int(pq.read_metadata(self.path).num_rows)

    def ignored(self) -> tuple[str, ...]:
        """Return nothing: every row has a row."""
        return ()

    def _rows(self) -> Iterator[Values]:
        with _readable(self.path):
            if self.suffix == ".parquet":
                yield from _parquet_rows(self.path)
            else:
                yield from self._csv_rows()

    def _csv_rows(self) -> Iterator[Values]:
        opened = gzip.open if self.suffix == ".gz" else open
        csv.field_size_limit(self.limits.max_raw_bytes)
        with opened(self.path, "rb") as file:
            text = io.TextIOWrapper(file, "utf-8-sig", newline="")
            rows = csv.DictReader(text, strict=True)
            columns = set(_chosen(self.path, list(rows.fieldnames or ())))
            for row in rows:
                yield {name: _value(cell) for name, cell in row.items() if name in columns}


def _parquet_rows(path: Path) -> Iterator[Values]:
    with pq.ParquetFile(path) as file:
        columns = _chosen(path, file.schema_arrow.names)
        for batch in file.iter_batches(ROWS, columns=columns):
            yield from batch.to_pylist()


def _chosen(path: Path, names: list[str]) -> list[str]:
    """Return the columns that are read. Raises DataError when none holds a structure."""
    chosen = [name for name in names if name in READ]
    if not set(chosen) - {*IDS, *STATED}:
        raise DataError(
            f"{path} has no column with structures; call it cif, structure or poscar, or use the "
            f"columns of OPTIMADE. It has {', '.join(names[:20])}."
        )
    return chosen


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FAULTS as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error


def _value(cell: str | None) -> Any:
    """Return a cell's value: numbers and lists are JSON in a CSV, files are text."""
    if cell and cell.lstrip()[:1] in {"[", "{"}:
        try:
            return orjson.loads(cell)
        except orjson.JSONDecodeError:
            return cell
    return cell or None


def _known(value: Any) -> Any:
    """Return a value without nulls, which Parquet has where JSON has no field; bytes as text."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, dict):
        return {key: _known(each) for key, each in value.items() if each is not None}
    return [_known(each) for each in value] if isinstance(value, list) else value
