"""Summary of a screening's table, counted in one pass whatever its length."""

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.screening.table.files import read_batches

COLUMNS = [
    "formula", "structure_type", "ltc_mean", "verdict", "likely_metal", "reasons", "warnings",
    "error",
]  # fmt: skip
DECADES = (-3, 5)  # of the LTC in W/(m K) in the histograms
BINS = 10  # a decade
ELEMENT = re.compile(r"[A-Z][a-z]?")
SENTENCE = re.compile(r"(?<=[.])\s+(?=[A-Z])")
DETAIL = re.compile(r"\s*([(:;,]|\bof \d|\d).*")  # what differs between sentences of a kind


@dataclass
class Histogram:
    """Counts of LTC in logarithmic bins, ten a decade."""

    counts: list[int] = field(default_factory=lambda: [0] * (BINS * (DECADES[1] - DECADES[0])))

    def add(self, ltc: float) -> None:
        """Count an LTC in W/(m K)."""
        place = math.floor((math.log10(ltc) - DECADES[0]) * BINS)
        self.counts[min(max(place, 0), len(self.counts) - 1)] += 1

    @property
    def total(self) -> int:
        """Number of LTC counted."""
        return sum(self.counts)

    def quantile(self, share: float) -> float:
        """Return the LTC in W/(m K) that a share of all lies below, to a tenth of a decade."""
        left = share * self.total
        for place, count in enumerate(self.counts):
            if count and left <= count:
                return edge(place + left / count)
            left -= count
        return edge(len(self.counts))


def edge(place: float) -> float:
    """Return the lower edge of a bin in W/(m K)."""
    return float(10 ** (DECADES[0] + place / BINS))


@dataclass
class Summary:
    """Counts over a table; histograms and elements are of rows without an error.

    `verdicts`: histograms by verdict; `types`: by structure type, likely metals and outside left
    out, as in `elements`: number of crystals with each element and sum of their log10(LTC).
    `doubts`: number of rows with each kind of warning and reason; `errors`: of each code.
    """

    n_rows: int = 0
    n_metals: int = 0
    verdicts: dict[str, Histogram] = field(default_factory=dict)
    types: dict[str, Histogram] = field(default_factory=dict)
    elements: dict[str, tuple[int, float]] = field(default_factory=dict)
    doubts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    def add(self, row: dict[str, Any]) -> None:
        """Count a row."""
        self.n_rows += 1
        if row["error"]:
            self.errors[row["error"].partition(":")[0]] += 1
            return
        verdict = row["verdict"] or "unknown"
        self.n_metals += bool(row["likely_metal"])
        self.verdicts.setdefault(verdict, Histogram()).add(row["ltc_mean"])
        self.doubts.update(kinds_of(row["warnings"]) | kinds_of(row["reasons"]))
        if not row["likely_metal"] and verdict != "outside":
            self.types.setdefault(row["structure_type"], Histogram()).add(row["ltc_mean"])
            self._add_elements(row["formula"], math.log10(row["ltc_mean"]))

    def _add_elements(self, formula: str, log_ltc: float) -> None:
        for symbol in set(ELEMENT.findall(formula)):
            count, total = self.elements.get(symbol, (0, 0.0))
            self.elements[symbol] = (count + 1, total + log_ltc)


def summarise(table: Path) -> Summary:
    """Return the summary of a finished table. Raises DataError."""
    summary = Summary()
    for batch in read_batches(table, COLUMNS):
        for row in batch.to_pylist():
            summary.add(row)
    return summary


def kinds_of(text: str | None) -> dict[str, int]:
    """Return the kinds of the sentences, each once, without what differs between crystals."""
    sentences = SENTENCE.split(text) if text else []
    return {DETAIL.sub("", sentence).rstrip("."): 1 for sentence in sentences}
