"""Sources and tables of screenings."""

import csv
import json

import pyarrow.parquet as pq
import pytest

from models.structure.stored import StoredStructure


@pytest.fixture(params=[".parquet", ".csv", ".jsonl"])
def table(tmp_path, request):
    """A table in each format, not written yet."""
    return tmp_path / f"ltc{request.param}"


def entry(material_id, structure):
    stored = StoredStructure.of(structure).model_dump(mode="json")
    return {"material_id": material_id, "structure": stored}


def rows_of(table):
    if table.suffix == ".parquet":
        return pq.read_table(table).to_pylist()
    with table.open(newline="") as file:
        if table.suffix == ".csv":
            return list(csv.DictReader(file))
        return [json.loads(line) for line in file]


def write_lines(path, structures):
    """Write structures as JSON lines, called mp-0, mp-1, ..."""
    lines = (json.dumps(entry(f"mp-{i}", each)) + "\n" for i, each in enumerate(structures))
    path.write_text("".join(lines))
    return path
