"""Outcome of one crystal, and its row in the table."""

from dataclasses import dataclass
from typing import Any

from app.service.ensembles import ServedEnsemble
from models.prediction.result import Prediction

COLUMNS = (
    "material_id",
    "sha256",
    "formula",
    "n_sites",
    "ltc_mean",
    "ltc_std",
    "ltc_median",
    "ltc_min",
    "ltc_max",
    "interval_level",
    "interval_lower",
    "interval_upper",
    "verdict",
    "reasons",
    "in_training_data",
    "warnings",
    "ensemble",
    "digest",
    "error",
)

Row = dict[str, Any]


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
    prediction: Prediction | None = None
    error: str | None = None

    def row(self) -> Row:
        """Return the outcome as a row with `COLUMNS`; missing values are null."""
        known = {
            "material_id": self.material_id,
            "sha256": self.sha256,
            "formula": self.formula or None,
            "n_sites": self.n_sites or None,
            "ensemble": self.ensemble.name,
            "digest": self.ensemble.digest,
            "error": self.error,
        }
        if self.prediction:
            known |= _values(self.prediction)
            known["warnings"] = " ".join(self.warnings) or None
        return {column: known.get(column) for column in COLUMNS}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know about the file and the prediction, in sentences."""
        return self.file_warnings + (self.prediction.warnings if self.prediction else ())


def _values(prediction: Prediction) -> Row:
    ltc, interval, domain = prediction.ltc, prediction.ltc.interval, prediction.domain
    row: Row = {
        f"ltc_{name}": getattr(ltc, name) for name in ("mean", "std", "median", "min", "max")
    }
    if interval:
        row |= {f"interval_{name}": value for name, value in interval.model_dump().items()}
    if domain:
        row |= {
            "verdict": domain.verdict,
            "reasons": " ".join(domain.reasons) or None,
            "in_training_data": domain.in_training_data,
        }
    return row
