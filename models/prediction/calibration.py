"""Calibration: expected error, interval and verdict of a prediction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import Field

from models.prediction.result import Verdict
from models.records import Record

MOST_ELEMENTS = 4  # crystals of more form one group
DECADES = (-1, 0, 1, 2)  # of the predicted LTC in W/(m K); lower and higher ones belong to the ends
DECADE_REACH = 0.2  # of log10(LTC), on either side of the edge of a decade


@dataclass(frozen=True)
class ErrorPredictors:
    """What the error of a prediction depends on.

    `distance`: to the nearest training crystal; `disagreement`: of the parts of a member, and
    `local_error`: error of the references close by, both in log10(LTC), mean over the members.
    `phonons_known`: 1 where phonons of the crystal are known, down to 0 where none like it are.
    """

    distance: float
    disagreement: float = 0.0
    local_error: float = 0.0
    phonons_known: float = 0.0


class Calibration(Record):
    """Calibration of errors of log10(LTC) on crystals held out from members.

    The expected error is `base + per_distance * distance + per_disagreement * disagreement +
    per_local_error * local_error`, and at least `least`, the error of the easiest crystals in
    testing; times `with_phonons`, raised to `phonons_known`. A share `level` of the errors is below
    `quantile` times that, times the factor of each group of `factors` that the crystal belongs to,
    raised to its share in the group; those with one verdict are a group too. Crystals with an
    expected error up to `inside` are inside the domain, above `outside` outside.
    """

    level: float = Field(gt=0, lt=1)
    base: float
    per_distance: float = Field(ge=0)
    per_disagreement: float = Field(ge=0)
    per_local_error: float = Field(default=0.0, ge=0)
    least: float = Field(gt=0)
    with_phonons: float = Field(
        default=1.0, gt=0, description="Factor of the expected error where phonons are known"
    )
    quantile: float = Field(gt=0)
    factors: Mapping[str, float] = Field(default={}, description="Factor of a group's interval")
    inside: float = Field(gt=0)
    outside: float = Field(gt=0)

    def expected(self, predictors: ErrorPredictors) -> float:
        """Return the expected absolute error of log10(LTC)."""
        of_structure = max(self.base + sum(self.parts(predictors)), self.least)
        return of_structure * math.pow(self.with_phonons, predictors.phonons_known)

    def parts(self, predictors: ErrorPredictors) -> tuple[float, float, float]:
        """Return what distance, disagreement and local error add to the expected error."""
        return (
            self.per_distance * predictors.distance,
            self.per_disagreement * predictors.disagreement,
            self.per_local_error * predictors.local_error,
        )

    def half_width(self, expected: float, groups: Mapping[str, float] | None = None) -> float:
        """Return the half width of the interval in log10(LTC), with shares in these groups."""
        shares = {**(groups or {}), **zone_shares(expected, self.inside, self.outside)}
        factors = (math.pow(self.factors.get(name, 1.0), share) for name, share in shares.items())
        return self.quantile * expected * math.prod(factors)

    def zone(self, expected: float) -> Verdict:
        """Return the verdict on a crystal with this expected error."""
        if expected <= self.inside:
            return "inside"
        return "edge" if expected <= self.outside else "outside"


def zone_shares(expected: float, inside: float, outside: float) -> dict[str, float]:
    """Return the shares in the groups of the verdicts that a crystal of this expected error has.

    They change around an edge, up to halfway to the other, so that the interval has no step there.
    """
    edges = (math.log(inside), math.log(outside))
    reach = (edges[1] - edges[0]) / 2
    names = ("zone_inside", "zone_edge", "zone_outside")
    return stretch_shares(math.log(expected), edges, reach, names)


def interval_groups(structure_type: str, n_elements: int, ltc: float) -> dict[str, float]:
    """Return the shares of a crystal in groups: structure type, number of elements, decade.

    `ltc`: the prediction in W/(m K). Its shares in two decades change around the edge of both.
    """
    names = [f"predicted_{10.0**decade:g}_{10.0 ** (decade + 1):g}" for decade in DECADES]
    return {
        f"type_{structure_type}": 1.0,
        f"elements_{min(n_elements, MOST_ELEMENTS)}": 1.0,
        **stretch_shares(math.log10(ltc), DECADES[1:], DECADE_REACH, names),
    }


def stretch_shares(
    place: float, edges: Sequence[float], reach: float, names: Sequence[str]
) -> dict[str, float]:
    """Return the shares of a place in the stretches between edges, those above zero by name.

    At an edge it has a half of both; from `reach` before it to `reach` behind it they change
    linearly.
    """
    passed = [1.0, *(_passed(place - edge, reach) for edge in edges), 0.0]
    parts = [above - below for above, below in pairwise(passed)]
    return {name: part for name, part in zip(names, parts, strict=True) if part > 0}


def _passed(beyond: float, reach: float) -> float:
    """Return how far an edge is passed, from 0 to 1; at once where there is no reach."""
    if abs(beyond) >= reach:
        return float(beyond > 0)
    return 0.5 + 0.5 * beyond / reach
