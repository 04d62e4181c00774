"""Sources and tables of screenings."""

import csv
import json

import pytest

from models.structure.stored import StoredStructure


@pytest.fixture(params=[".csv", ".jsonl"])
def table(tmp_path, request):
    """A table in either format, not written yet."""
    return tmp_path / f"ltc{request.param}"


def entry(material_id, structure):
    stored = StoredStructure.of(structure).model_dump(mode="json")
    return {"material_id": material_id, "structure": stored}


def rows_of(table):
    with table.open(newline="") as file:
        if table.suffix == ".csv":
            return list(csv.DictReader(file))
        return [json.loads(line) for line in file]
