"""Calibration: expected error, interval and verdict from distance and disagreement."""

import math
from collections.abc import Mapping, Sequence

from pydantic import Field

from models.prediction.result import Verdict
from models.records import Record

MOST_ELEMENTS = 4  # crystals of more form one group


class Calibration(Record):
    """Calibration of errors of log10(LTC) on crystals held out from members.

    The expected error is `base + per_distance * distance + per_disagreement * disagreement`, and at
    least `least`, the error of the easiest crystals in testing. A share `level` of the errors is
    below `quantile` times that, times the factor of each group of `factors` that the crystal
    belongs to. Crystals with an expected error up to `inside` are inside the domain, above
    `outside` outside.
    """

    level: float = Field(gt=0, lt=1)
    base: float = Field(gt=0)
    per_distance: float = Field(ge=0)
    per_disagreement: float = Field(ge=0)
    least: float = Field(default=0.0, ge=0)
    quantile: float = Field(gt=0)
    factors: Mapping[str, float] = Field(default={}, description="Factor of a group's interval")
    inside: float = Field(gt=0)
    outside: float = Field(gt=0)

    def expected(self, distance: float, disagreement: float) -> float:
        """Return the expected absolute error of log10(LTC)."""
        linear = self.base + self.per_distance * distance + self.per_disagreement * disagreement
        return max(linear, self.least)

    def half_width(self, expected: float, groups: Sequence[str] = ()) -> float:
        """Return the half width of the interval in log10(LTC) for a crystal of these groups."""
        return self.quantile * expected * math.prod(self.factors.get(name, 1.0) for name in groups)

    def zone(self, expected: float) -> Verdict:
        """Return the verdict on a crystal with this expected error."""
        if expected <= self.inside:
            return "inside"
        return "edge" if expected <= self.outside else "outside"


def interval_groups(structure_type: str, n_elements: int, ltc: float) -> tuple[str, ...]:
    """Return the groups of a crystal: structure type, number of elements, predicted decade.

    `ltc`: the prediction in W/(m K).
    """
    decade = min(max(math.floor(math.log10(ltc)), -1), 2)
    return (
        f"type_{structure_type}",
        f"elements_{min(n_elements, MOST_ELEMENTS)}",
        f"predicted_{10.0**decade:g}_{10.0 ** (decade + 1):g}",
    )
