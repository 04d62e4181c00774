"""Outcome of one crystal, and its row in the table."""

from dataclasses import dataclass
from typing import Any

from app.screening.probability import DEFAULT, Thresholds
from app.screening.table.row import Row, make_row
from app.service.ensembles import ServedEnsemble
from models.crystal.crystal import Crystal
from models.prediction.result import Prediction
from models.prediction.warnings import likely_metal


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

    def row(self, index: int, thresholds: Thresholds = DEFAULT) -> Row:
        """Return the outcome as a row of the table; missing values are null."""
        return make_row(
            self.prediction,
            thresholds,
            self.warnings,
            index=index,
            material_id=self.material_id,
            sha256=self.sha256,
            formula=self.formula or None,
            n_sites=self.n_sites or None,
            ensemble=self.ensemble.name,
            digest=self.ensemble.digest,
            error=self.error,
            **(_of_crystal(self.crystal) if self.crystal else {}),
        )

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
