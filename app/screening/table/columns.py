"""Columns of a table of crystals: names, types, units, descriptions; the same in every format."""

from types import NoneType
from typing import get_args

import pyarrow as pa

from app.screening.table.row import Row

TYPES = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def _column(name: str) -> pa.Field:
    field = Row.model_fields[name]
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind != NoneType]
    extra = field.json_schema_extra
    unit = str(extra["unit"]) if isinstance(extra, dict) and "unit" in extra else ""
    metadata = {"description": field.description or ""} | ({"unit": unit} if unit else {})
    return pa.field(name, TYPES[kinds[0]], metadata=metadata)


COLUMNS = tuple(Row.model_fields)
SCHEMA = pa.schema([_column(name) for name in COLUMNS])


def table_of(rows: list[Row]) -> pa.Table:
    """Return rows as an Arrow table."""
    return pa.Table.from_pylist([row.model_dump() for row in rows], schema=SCHEMA)
