"""A finished table as Parquet, CSV or JSON lines, with its provenance."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from pydantic import ValidationError

from app.screening.run.durable import replacing, write_durably
from app.screening.run.provenance import Provenance
from app.screening.table.columns import COLUMNS, SCHEMA
from models.errors import DataError

KEY = b"paraisite"  # of the provenance in a Parquet file's metadata
FORMULA = r"^[=+\-@\t\r']"  # a spreadsheet takes text that begins so for a formula
QUOTE = "'"  # before such text; a spreadsheet does not show it
BATCH = 20_000  # rows that are held at once
DATATYPES = {  # of "CSV on the Web"
    pa.string(): "string",
    pa.int64(): "integer",
    pa.float64(): "number",
    pa.bool_(): "boolean",
}

Write = Callable[[pa.Table], None]


def write_table(out: Path, tables: Iterable[pa.Table], provenance: Provenance) -> None:
    """Write a table that is there in full or not at all; rows in the order given.

    A CSV or JSON lines file has its provenance and the columns' units in a file beside it.
    """
    if out.suffix != ".parquet":
        write_durably(metadata_path(out), orjson.dumps(_document(out, provenance), option=2))
    writers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _json_lines}
    with replacing(out) as path, writers[out.suffix](path, provenance) as write:
        for table in _batches(tables):
            write(table)


def metadata_path(out: Path) -> Path:
    """Return the place of a CSV or JSON lines file's metadata, as "CSV on the Web" has it."""
    return out.with_name(f"{out.name}-metadata.json")


def read_provenance(table: Path) -> Provenance:
    """Return the provenance of a finished table. Raises DataError when it has none."""
    try:
        if table.suffix == ".parquet":
            return Provenance.model_validate_json(pq.read_metadata(table).metadata[KEY])
        document = json.loads(metadata_path(table).read_bytes())
        return Provenance.model_validate(document["paraisite"])
    except (OSError, pa.ArrowException, ValidationError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{table} is no finished table of `paraisite screen`; choose another file."
        ) from error


def read_batches(table: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield columns of a finished table, some thousand rows at a time. Raises DataError."""
    try:
        if table.suffix == ".parquet":
            with pq.ParquetFile(table) as file:
                yield from file.iter_batches(BATCH, columns=columns)
        elif table.suffix == ".csv":
            yield from _read_csv(table, columns)
        else:
            yield from _read_json_lines(table, columns)
    except (OSError, pa.ArrowException, ValueError, KeyError) as error:
        raise DataError(f"{table} cannot be read ({error}); screen again.") from error


def _batches(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(map(len, held)) >= BATCH:
            yield pa.concat_tables(held)
            held = []
    yield pa.concat_tables([SCHEMA.empty_table(), *held])


@contextmanager
def _parquet(path: Path, provenance: Provenance) -> Iterator[Write]:
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        yield writer.write_table
        writer.add_key_value_metadata({KEY: provenance.model_dump_json()})


@contextmanager
def _csv(path: Path, _provenance: Provenance) -> Iterator[Write]:
    with pa.csv.CSVWriter(path, SCHEMA) as writer:
        yield lambda table: writer.write_table(_quoted(table))


def _quoted(table: pa.Table) -> pa.Table:
    """Return a table whose text no spreadsheet takes for a formula."""
    for number, field in enumerate(SCHEMA):
        if field.type == pa.string():
            column = table.column(number)
            quoted = pc.binary_join_element_wise(QUOTE, column, "")
            risky = pc.match_substring_regex(column, FORMULA)
            table = table.set_column(number, field, pc.if_else(risky, quoted, column))
    return table


@contextmanager
def _json_lines(path: Path, _provenance: Provenance) -> Iterator[Write]:
    with path.open("wb") as file:
        yield lambda table: file.writelines(
            orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in table.to_pylist()
        )


def _read_csv(table: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    options = pa.csv.ConvertOptions(
        column_types=SCHEMA,
        include_columns=columns,
        strings_can_be_null=True,
        null_values=[""],
        quoted_strings_can_be_null=False,
    )
    with pa.csv.open_csv(table, convert_options=options) as reader:
        for batch in reader:
            yield batch.from_pylist([_unquoted(row) for row in batch.to_pylist()], batch.schema)


def _unquoted(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.removeprefix(QUOTE) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _read_json_lines(table: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([SCHEMA.field(name) for name in columns])
    rows: list[dict[str, Any]] = []
    with table.open("rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            rows.append({name: row[name] for name in columns})
            if len(rows) == BATCH:
                yield pa.RecordBatch.from_pylist(rows, schema)
                rows = []
    yield pa.RecordBatch.from_pylist(rows, schema)


def _document(out: Path, provenance: Provenance) -> dict[str, Any]:
    """Return the metadata in the form of "CSV on the Web" (W3C), with the provenance."""
    columns = []
    for name in COLUMNS:
        field = SCHEMA.field(name)
        metadata = {key.decode(): value.decode() for key, value in field.metadata.items()}
        kind = DATATYPES[field.type]
        columns.append({"name": name, "titles": name, "datatype": kind, **metadata})
    return {
        "@context": "http://www.w3.org/ns/csvw",
        "url": out.name,
        "tableSchema": {"columns": columns},
        "paraisite": provenance.model_dump(),
    }
