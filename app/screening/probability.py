"""Probability that an LTC lies below a threshold, from its calibrated interval."""

import math
from dataclasses import dataclass
from statistics import NormalDist

from models.prediction.result import Ltc

NORMAL = NormalDist()


@dataclass(frozen=True)
class Thresholds:
    """LTC in W/(m K) that a crystal may lie below, such as for thermoelectrics, or above."""

    below: float = 1.0
    above: float = 100.0


DEFAULT = Thresholds()


def probability_below(ltc: Ltc, threshold: float) -> float | None:
    """Return P(LTC < threshold), the threshold in W/(m K); null where there is no interval.

    The error of log10(LTC) is taken as normal about the mean, with the standard deviation that
    gives the calibrated interval its level.
    """
    interval = ltc.interval
    if interval is None or min(interval.lower, ltc.mean) <= 0:
        return None
    half = math.log(interval.upper / interval.lower) / 2
    sigma = half / NORMAL.inv_cdf((1 + interval.level) / 2)
    distance = math.log(threshold / ltc.mean)
    if sigma == 0:
        return float(distance > 0)
    return NORMAL.cdf(distance / sigma)
