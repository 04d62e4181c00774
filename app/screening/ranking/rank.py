"""Ranking of a screening's table by the probability of lying below or above a threshold."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app.screening.table.files import read_batches
from app.screening.table.row import Row

HEAD = f"{'LTC':>9} {'spread':>9} {'from':>9} {'to':>9} {'verdict':>8}"
GROUPS = ("candidates", "metals", "outside")
COLUMNS = [
    "index", "material_id", "formula", "fingerprint", "structure_type", "space_group",
    "ltc_mean", "ltc_std", "interval_lower", "interval_upper", "probability_below",
    "probability_above", "verdict", "likely_metal", "warnings", "error",
]  # fmt: skip


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
    def of(cls, row: Row | dict[str, Any]) -> Self:
        """Return a row without an error in short."""
        values = row.model_dump() if isinstance(row, Row) else row
        return cls(
            material_id=values["material_id"],
            formula=values["formula"],
            mean=values["ltc_mean"],
            std=values["ltc_std"],
            lower=values["interval_lower"],
            upper=values["interval_upper"],
            verdict=values["verdict"],
        )


def values_of(brief: Brief) -> str:
    """Return the numbers of a row as a line below `HEAD`."""
    bounds = (brief.lower, brief.upper)
    low, high = ("-" if bound is None else f"{bound:.3f}" for bound in bounds)
    return f"{brief.mean:9.3f} {brief.std:9.3f} {low:>9} {high:>9} {brief.verdict or '-':>8}"


@dataclass(frozen=True)
class Ranked:
    """A crystal in its place: its first row, and the ids and indices of all its rows."""

    brief: Brief
    probability: float | None
    fingerprint: str
    structure_type: str | None
    space_group: str | None
    warnings: str | None
    index: int
    ids: tuple[str, ...]


Ranking = dict[str, list[Ranked]]


def rank(table: Path, top: int, *, highest: bool) -> Ranking:
    """Return the `top` crystals of each of `GROUPS`, the most probable first.

    By the probability of lying below the run's threshold (`highest`: above), or by the mean where
    there is none; rows of one fingerprint are one crystal. Likely metals, and crystals outside the
    domain, are groups of their own. The table is read twice, a few thousand rows at a time.
    """
    best: dict[str, _Best] = {group: _Best(top) for group in GROUPS}
    for row in _rows(table):
        best[_group(row)].offer(_score(row, highest=highest), row)
    found = {group: places.in_order() for group, places in best.items()}
    ids = _all_ids(table, {row["fingerprint"] for rows in found.values() for row in rows})
    column = f"probability_{'above' if highest else 'below'}"
    return {
        group: [_ranked(row, row[column], ids[row["fingerprint"]]) for row in rows]
        for group, rows in found.items()
    }


class _Best:
    """The rows of the highest scores, one for each fingerprint."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._heap: list[tuple[tuple[float, float], int, dict[str, Any]]] = []
        self._held: set[str] = set()

    def offer(self, score: tuple[float, float], row: dict[str, Any]) -> None:
        """Keep a row if it is among the best; of equal ones, that which comes first."""
        if row["fingerprint"] in self._held or not self._count:
            return
        place = (score, -row["index"], row)
        if len(self._heap) < self._count:
            heapq.heappush(self._heap, place)
        elif place[:2] > self._heap[0][:2]:
            self._held.remove(heapq.heapreplace(self._heap, place)[2]["fingerprint"])
        else:
            return
        self._held.add(row["fingerprint"])

    def in_order(self) -> list[dict[str, Any]]:
        """Return the rows, the best first."""
        return [row for *_, row in sorted(self._heap, key=lambda place: place[:2], reverse=True)]


def _rows(table: Path) -> Iterator[dict[str, Any]]:
    for batch in read_batches(table, COLUMNS):
        yield from (row for row in batch.to_pylist() if row["error"] is None)


def _group(row: dict[str, Any]) -> str:
    if row["likely_metal"]:
        return "metals"
    return "outside" if row["verdict"] == "outside" else "candidates"


def _score(row: dict[str, Any], *, highest: bool) -> tuple[float, float]:
    """Return what is higher for a better place: the probability, then the mean."""
    probability = row["probability_above" if highest else "probability_below"]
    mean = row["ltc_mean"] if highest else -row["ltc_mean"]
    return (0.0 if probability is None else probability, mean)


def _all_ids(table: Path, fingerprints: set[str]) -> dict[str, list[str]]:
    """Return the ids of all rows with each of the fingerprints."""
    ids: dict[str, list[str]] = {fingerprint: [] for fingerprint in fingerprints}
    for batch in read_batches(table, ["material_id", "fingerprint"]):
        for material_id, fingerprint in zip(*batch.to_pydict().values(), strict=True):
            if fingerprint in ids:
                ids[fingerprint].append(material_id)
    return ids


def _ranked(row: dict[str, Any], probability: float | None, ids: list[str]) -> Ranked:
    return Ranked(
        brief=Brief.of(row),
        probability=probability,
        fingerprint=row["fingerprint"],
        structure_type=row["structure_type"],
        space_group=row["space_group"],
        warnings=row["warnings"],
        index=row["index"],
        ids=tuple(ids),
    )
