"""Outcome of one crystal, and its row in the table."""

from dataclasses import dataclass
from typing import Any

from app.screening.probability import probability_below
from app.screening.table.columns import Row
from app.service.ensembles import ServedEnsemble
from models.crystal.crystal import Crystal
from models.prediction.result import Ltc, Prediction
from models.prediction.warnings import likely_metal


@dataclass(frozen=True)
class Thresholds:
    """LTC in W/(m K) that a crystal may lie below, such as for thermoelectrics, or above."""

    below: float = 1.0
    above: float = 100.0


@dataclass(frozen=True)
class Outcome:
    """Outcome of one crystal: its prediction (LTC in W/(m K)), or an error.

    `sha256` is that of its text: crystals of the same id in two sources differ in it.
    `file_warnings`: what was assumed or doubtful when it was read.
    """

    material_id: str
    sha256: str | None
    ensemble: ServedEnsemble
    formula: str = ""
    n_sites: int = 0
    file_warnings: tuple[str, ...] = ()
    crystal: Crystal | None = None
    prediction: Prediction | None = None
    error: str | None = None

    def row(self, index: int = 0, thresholds: Thresholds = Thresholds()) -> Row:
        """Return the outcome as a row of the table; missing values are null."""
        known: dict[str, Any] = dict.fromkeys(Row.model_fields)
        known |= {
            "index": index,
            "material_id": self.material_id,
            "sha256": self.sha256,
            "formula": self.formula or None,
            "n_sites": self.n_sites or None,
            "ensemble": self.ensemble.name,
            "digest": self.ensemble.digest,
            "error": self.error,
            "warnings": " ".join(self.warnings) or None,
        }
        if self.crystal:
            known |= _of_crystal(self.crystal)
        if self.prediction:
            known |= _of_prediction(self.prediction, thresholds)
        return Row(**known)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know about the file and the prediction, in sentences."""
        return self.file_warnings + (self.prediction.warnings if self.prediction else ())


def _of_crystal(crystal: Crystal) -> dict[str, Any]:
    return {
        "space_group": crystal.space_group,
        "structure_type": crystal.structure_type,
        "fingerprint": crystal.fingerprint,
        "likely_metal": likely_metal(crystal),
    }


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
    for nearest in domain.nearest[:1]:
        values |= {
            "nearest_id": nearest.material_id,
            "nearest_formula": nearest.formula,
            "nearest_ltc": nearest.ltc,
            "nearest_distance": nearest.distance,
        }
    return values
