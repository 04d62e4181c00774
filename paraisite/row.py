"""Answers as flat rows, such as those of a pandas DataFrame."""

from collections.abc import Mapping
from typing import Any

from pymatgen.core import IStructure

from app.schemas import Answer
from app.screening.table.row import failure, row_of
from paraisite.structures import passed_on


def answer_row(answer: Answer) -> dict[str, Any]:
    """Return an answer as a flat dict, its names those of the table of `paraisite screen`.

    LTC and interval are in W/(m K); what the ensemble does not give is None, and so is `error`.
    The probabilities are those of the default thresholds.
    """
    row = row_of(answer, index=0, material_id="").model_dump(exclude={"index", "sha256"})
    return row | {"material_id": answer.material.material_id}


def error_row(error: Exception) -> dict[str, Any]:
    """Return the row of a structure that failed: `error` alone, with its code and message."""
    return {"error": failure(error)}


def with_given(given: object, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what matcalc's calculators pass on: other results, the structure."""
    if isinstance(given, IStructure):
        return {"final_structure": given} | row
    if isinstance(given, Mapping) and (structure := passed_on(given)) is not None:
        return {"final_structure": structure} | dict(given) | row
    return row
