"""What is known of crystals that a screening ranks first: references, AGL and the literature."""

import gzip
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow.parquet as pq

from app.screening.ranking.rank import Brief, Ranked
from app.service.ensembles import load_ensemble
from app.settings import Settings
from models.formula import usual
from models.prediction.result import Reference

DATASETS = {"phonix_2026": "Phonix", "dataset1": "Dataset1", "dataset2": "Dataset2"}
LITERATURE = {  # by formula and structure type, or by formula alone
    "BN other_types": "measured in h-BN, 220 to 420 in the plane; 5 calculated across it (Yuan et "
    "al., Communications Physics 2, 43 (2019), and references there)",
    "Cs3Cu2I5": "calculated below 0.1 (Jung et al., npj Comput. Mater. 7, 51 (2021))",
    "N2": "a gas at 300 K",
    "SiC other_types": "measured in 6H, 387 in the plane and 30 % less across (Burgemeister et "
    "al., J. Appl. Phys. 50, 5790 (1979))",
    "SiC zincblende": "measured above 500 (Cheng et al., Nature Communications 13, 7201 (2022))",
}


@dataclass(frozen=True)
class Known:
    """References of an ensemble, and the table and the labels of a screening's source."""

    references: Sequence[Reference]
    rows: Sequence[dict[str, Any]]
    labels: Sequence[float | None]

    @classmethod
    def of(cls, ensemble: str, table: Path, source: Path) -> Self:
        """Return what is known of the crystals of a table."""
        columns = ["formula", "structure_type", "in_training_data", "nearest_id"]
        with gzip.open(source, "rt") as lines:
            labels = [json.loads(line).get("ltc") for line in lines]
        rows = pq.read_table(table, columns=columns).to_pylist()
        return cls(load_ensemble(Settings(), ensemble).references, rows, labels)

    def sentence(self, ranked: Ranked) -> str:
        """Return what is known of a crystal, LTC in W/(m K); a dash where nothing is."""
        row, label = self.rows[ranked.index], self.labels[ranked.index]
        formula, kind = row["formula"], row["structure_type"]
        written = LITERATURE.get(formula) or LITERATURE.get(f"{formula} {kind}")
        agl = f"AGL {label:.3g}" if label else ""
        return "; ".join(filter(None, (self._reference(ranked.brief, row), agl, written))) or "–"

    def _reference(self, brief: Brief, row: dict[str, Any]) -> str:
        """Return the reference of the same compound: in this structure, or in another."""
        same = [each for each in self.references if usual(each.formula) == row["formula"]]
        nearest = [each for each in same if each.material_id == row["nearest_id"]]
        if not same:
            return ""
        found = (nearest or same)[0]
        where = f"{DATASETS.get(found.dataset, found.dataset)}, {found.material_id}"
        if not (row["in_training_data"] and nearest):
            return f"another structure: reference {found.ltc:.3g} ({where})"
        covered = (brief.lower or 0) <= found.ltc <= (brief.upper or math.inf)
        doubt = "" if covered else ", outside of the interval"
        return f"reference {found.ltc:.3g}{doubt} ({where})"
