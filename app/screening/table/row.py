"""Row of a crystal: the same in the table of a screening, in a batch and in Python.

Names are those of the JSON answers with the group in front (`ltc_mean` is `ltc.mean`).
"""

from collections.abc import Iterable
from typing import Any

from pydantic import Field

from app.schemas import Answer
from app.screening.probability import DEFAULT, Thresholds, probability_below
from models.errors import ParaisiteError
from models.prediction.result import LTC_UNIT, Ltc, Prediction, number
from models.records import Record


class Row(Record):
    """One crystal of a table; what is unknown is null."""

    index: int = number("Place of the crystal in the source, from 0.", "1")
    material_id: str = Field(description="Id in the source, or name of the file.")
    sha256: str | None = Field(description="sha256 of the crystal's text.")
    formula: str | None = Field(description="Reduced chemical formula.")
    n_sites: int | None = number("Number of sites in the cell as given.", "sites")
    space_group: str | None = Field(description="International (Hermann-Mauguin) symbol.")
    structure_type: str | None = Field(description="Structure type, such as rocksalt.")
    fingerprint: str | None = Field(
        description="Identity of the crystal in any of its cells, if not rounded."
    )
    ltc_mean: float | None = number("Mean of the members' LTC.", LTC_UNIT)
    ltc_std: float | None = number("Standard deviation over the members.", LTC_UNIT)
    ltc_median: float | None = number("Median over the members.", LTC_UNIT)
    ltc_min: float | None = number("Lowest member.", LTC_UNIT)
    ltc_max: float | None = number("Highest member.", LTC_UNIT)
    interval_level: float | None = number("Probability that the interval covers the LTC.", "1")
    interval_lower: float | None = number("Lower end of the calibrated interval.", LTC_UNIT)
    interval_upper: float | None = number("Upper end of the calibrated interval.", LTC_UNIT)
    probability_below: float | None = number("P(LTC < threshold `below` of the run).", "1")
    probability_above: float | None = number("P(LTC > threshold `above` of the run).", "1")
    verdict: str | None = Field(description="Applicability domain: inside, edge or outside.")
    reasons: str | None = Field(description="Why the verdict is not inside.")
    expected_error: float | None = number("Expected absolute error of log10(LTC).", "1")
    in_training_data: bool | None = Field(
        description="Whether the compound was trained on in this structure type."
    )
    phonon_estimate: float | None = number(
        "LTC that was estimated from phonons of the compound, and learned from.", LTC_UNIT
    )
    nearest_id: str | None = Field(
        description="Id of the nearest training crystal; of the same compound and structure type "
        "if there is one."
    )
    nearest_formula: str | None = Field(description="Its formula.")
    nearest_ltc: float | None = number("Its reference LTC.", LTC_UNIT)
    nearest_distance: float | None = number("Distance to it; at 0 both look the same.", "1")
    slack: float | None = number("LTC by Slack's formula.", LTC_UNIT)
    minimum: float | None = number("Cahill's minimum LTC.", LTC_UNIT)
    likely_metal: bool | None = Field(
        description="Whether electrons are likely to conduct heat as well."
    )
    warnings: str | None = Field(description="What to know about the file and the prediction.")
    ensemble: str = Field(description="Name of the ensemble.")
    digest: str = Field(description="Digest of the ensemble.")
    error: str | None = Field(description="Why there is no prediction: code and message.")


def make_row(
    prediction: Prediction | None,
    thresholds: Thresholds = DEFAULT,
    warnings: Iterable[str] = (),
    **known: Any,
) -> Row:
    """Return the row of a crystal, with what is `known` beside its prediction, such as index."""
    values = _of_prediction(prediction, thresholds) if prediction else {}
    values["warnings"] = " ".join(warnings) or None
    return Row(**dict.fromkeys(Row.model_fields) | values | known)


def row_of(answer: Answer, thresholds: Thresholds = DEFAULT, **known: Any) -> Row:
    """Return the row of an answer, with what else is `known`: index, material_id, sha256."""
    material = answer.material.model_dump(exclude={"idealised"})
    ensemble = {"ensemble": answer.ensemble.name, "digest": answer.ensemble.digest}
    return make_row(answer, thresholds, answer.warnings, **material | ensemble | known)


def failure(error: Exception) -> str:
    """Return the code and message of why there is no prediction, on one line."""
    code = "unreadable-file" if isinstance(error, OSError) else type(error).__name__
    if isinstance(error, ParaisiteError):
        code = error.code
    return f"{code}: {' '.join(str(error).split())}"


def _of_prediction(prediction: Prediction, thresholds: Thresholds) -> dict[str, Any]:
    opinion = prediction.second_opinion
    return {
        **_of_ltc(prediction.ltc, thresholds),
        **_of_domain(prediction),
        "slack": opinion.slack.ltc if opinion else None,
        "minimum": opinion.minimum.ltc if opinion else None,
    }


def _of_ltc(ltc: Ltc, thresholds: Thresholds) -> dict[str, Any]:
    values: dict[str, Any] = {
        f"ltc_{name}": getattr(ltc, name) for name in ("mean", "std", "median", "min", "max")
    }
    if ltc.interval:
        values |= {f"interval_{name}": value for name, value in ltc.interval.model_dump().items()}
    below, not_above = (probability_below(ltc, t) for t in (thresholds.below, thresholds.above))
    return values | {
        "probability_below": below,
        "probability_above": None if not_above is None else 1 - not_above,
    }


def _of_domain(prediction: Prediction) -> dict[str, Any]:
    domain = prediction.domain
    if domain is None:
        return {}
    values: dict[str, Any] = {
        "verdict": domain.verdict,
        "reasons": " ".join(domain.reasons) or None,
        "expected_error": domain.expected_error,
        "in_training_data": domain.in_training_data,
    }
    for estimate in domain.phonon_estimates[:1]:
        values["phonon_estimate"] = estimate.ltc
    for nearest in domain.nearest[:1]:
        values |= {
            "nearest_id": nearest.material_id,
            "nearest_formula": nearest.formula,
            "nearest_ltc": nearest.ltc,
            "nearest_distance": nearest.distance,
        }
    return values
