"""Calibration: expected error, interval and verdict of a prediction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from models.prediction.result import Verdict
from models.records import Record

MOST_ELEMENTS = 4  # crystals of more form one group


@dataclass(frozen=True)
class ErrorPredictors:
    """What the error of a prediction depends on.

    `distance`: to the nearest training crystal; `disagreement`: of the parts of a member, and
    `local_error`: error of the references close by, both in log10(LTC), mean over the members.
    """

    distance: float
    disagreement: float = 0.0
    local_error: float = 0.0


class Calibration(Record):
    """Calibration of errors of log10(LTC) on crystals held out from members.

    The expected error is `base + per_distance * distance + per_disagreement * disagreement +
    per_local_error * local_error`, and at least `least`, the error of the easiest crystals in
    testing. A share `level` of the errors is
    below `quantile` times that, times the factor of each group of `factors` that the crystal
    belongs to; those with one verdict are a group too. Crystals with an expected error up to
    `inside` are inside the domain, above `outside` outside.
    """

    level: float = Field(gt=0, lt=1)
    base: float
    per_distance: float = Field(ge=0)
    per_disagreement: float = Field(ge=0)
    per_local_error: float = Field(default=0.0, ge=0)
    least: float = Field(gt=0)
    quantile: float = Field(gt=0)
    factors: Mapping[str, float] = Field(default={}, description="Factor of a group's interval")
    inside: float = Field(gt=0)
    outside: float = Field(gt=0)

    def expected(self, predictors: ErrorPredictors) -> float:
        """Return the expected absolute error of log10(LTC)."""
        return max(self.base + sum(self.parts(predictors)), self.least)

    def parts(self, predictors: ErrorPredictors) -> tuple[float, float, float]:
        """Return what distance, disagreement and local error add to the expected error."""
        return (
            self.per_distance * predictors.distance,
            self.per_disagreement * predictors.disagreement,
            self.per_local_error * predictors.local_error,
        )

    def half_width(self, expected: float, groups: Sequence[str] = ()) -> float:
        """Return the half width of the interval in log10(LTC) for a crystal of these groups."""
        names = (*groups, zone_group(self.zone(expected)))
        return self.quantile * expected * math.prod(self.factors.get(name, 1.0) for name in names)

    def zone(self, expected: float) -> Verdict:
        """Return the verdict on a crystal with this expected error."""
        return zone_of(expected, self.inside, self.outside)


def zone_of(expected: float, inside: float, outside: float) -> Verdict:
    """Return the verdict on an expected error, inside up to one edge, outside above the other."""
    if expected <= inside:
        return "inside"
    return "edge" if expected <= outside else "outside"


def zone_group(zone: Verdict) -> str:
    """Return the group of crystals with an expected error of this zone."""
    return f"zone_{zone}"


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
