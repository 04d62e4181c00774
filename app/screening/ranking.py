"""The lowest or highest of a screening's table, in short."""

import heapq
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.screening.outcome import Row
from app.screening.table import read_table

BOUNDS = ("interval_lower", "interval_upper")


@dataclass(frozen=True)
class Brief:
    """A row in short: LTC and spread in W/(m K), interval and verdict where there are any."""

    material_id: str
    formula: str
    mean: float
    std: float
    lower: float | None
    upper: float | None
    verdict: str | None

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return a row without an error in short, be it as made or as read from a table."""
        lower, upper = (float(row[name]) if row[name] else None for name in BOUNDS)
        return cls(
            material_id=row["material_id"],
            formula=row["formula"],
            mean=float(row["ltc_mean"]),
            std=float(row["ltc_std"]),
            lower=lower,
            upper=upper,
            verdict=row["verdict"] or None,
        )


def ranked(out: Path, top: int, *, highest: bool) -> list[Brief]:
    """Return the `top` rows of a screening's table by mean LTC, lowest first unless `highest`."""
    rows = [Brief.of(row) for row in read_table(out) if not row["error"]]
    pick = heapq.nlargest if highest else heapq.nsmallest
    return pick(top, rows, key=lambda row: row.mean)
