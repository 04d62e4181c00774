"""What came of one crystal, and the row that says so."""

from dataclasses import asdict, dataclass
from typing import Any

from app.service.ensembles import ServedEnsemble
from models.prediction.judgement import Judgement

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
    """What came of one crystal: what the ensemble says of it (LTC in W/(m K)), or an error.

    `sha256` is that of its text: crystals of the same id in two sources differ in it.
    """

    material_id: str
    sha256: str | None
    ensemble: ServedEnsemble
    formula: str = ""
    n_sites: int = 0
    judgement: Judgement | None = None
    error: str | None = None

    def row(self) -> Row:
        """Return the outcome as a row with `COLUMNS`; what there is none of is null."""
        known = {
            "material_id": self.material_id,
            "sha256": self.sha256,
            "formula": self.formula or None,
            "n_sites": self.n_sites or None,
            "ensemble": self.ensemble.name,
            "digest": self.ensemble.digest,
            "error": self.error,
        }
        if self.judgement:
            known |= _judged(self.judgement)
        return {column: known.get(column) for column in COLUMNS}


def _judged(judgement: Judgement) -> Row:
    ltc, interval, domain = judgement.ltc, judgement.interval, judgement.assessment
    row: Row = {
        f"ltc_{name}": getattr(ltc, name) for name in ("mean", "std", "median", "min", "max")
    }
    if interval:
        row |= {f"interval_{name}": value for name, value in asdict(interval).items()}
    if domain:
        row |= {
            "verdict": domain.verdict,
            "reasons": " ".join(domain.reasons) or None,
            "in_training_data": bool(domain.itself),
        }
    return row | {"warnings": " ".join(judgement.cautions) or None}
