"""Answers as flat rows, such as those of a pandas DataFrame."""

from collections.abc import Mapping
from typing import Any

from pymatgen.core import IStructure

from app.schemas import Answer
from models.errors import ParaisiteError
from paraisite.structures import passed_on

STATISTICS = ("mean", "std", "median", "min", "max")


def answer_row(answer: Answer) -> dict[str, Any]:
    """Return an answer as a flat dict, its names those of the table of `paraisite screen`.

    LTC and interval are in W/(m K); what the ensemble does not give is None, and so is `error`.
    """
    interval, domain, opinion = answer.ltc.interval, answer.domain, answer.second_opinion
    nearest = domain.nearest[0] if domain and domain.nearest else None
    return {
        "material_id": answer.material.material_id,
        "formula": answer.material.formula,
        "n_sites": answer.material.n_sites,
        "space_group": answer.material.space_group,
        "fingerprint": answer.material.fingerprint,
        **{f"ltc_{name}": getattr(answer.ltc, name) for name in STATISTICS},
        "interval_level": interval and interval.level,
        "interval_lower": interval and interval.lower,
        "interval_upper": interval and interval.upper,
        "verdict": domain and domain.verdict,
        "reasons": domain and " ".join(domain.reasons),
        "expected_error": domain and domain.expected_error,
        "in_training_data": domain and domain.in_training_data,
        "nearest_id": nearest and nearest.material_id,
        "nearest_formula": nearest and nearest.formula,
        "nearest_ltc": nearest and nearest.ltc,
        "nearest_distance": nearest and nearest.distance,
        "slack": opinion and opinion.slack.ltc,
        "minimum": opinion and opinion.minimum.ltc,
        "warnings": " ".join(answer.warnings),
        "ensemble": answer.ensemble.name,
        "digest": answer.ensemble.digest,
        "error": None,
    }


def error_row(error: Exception) -> dict[str, Any]:
    """Return the row of a structure that failed: `error` alone, with its code and message."""
    code = error.code if isinstance(error, ParaisiteError) else "unreadable-file"
    return {"error": f"{code}: {error}"}


def with_given(given: object, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what matcalc's calculators pass on: other results, the structure."""
    if isinstance(given, IStructure):
        return {"final_structure": given} | row
    if isinstance(given, Mapping) and (structure := passed_on(given)) is not None:
        return {"final_structure": structure} | dict(given) | row
    return row
