"""What an ensemble says of a crystal."""

from dataclasses import dataclass

from models.domain import Assessment
from models.statistics import Interval, LtcSummary


@dataclass(frozen=True)
class Judgement:
    """LTC with its interval, and the crystal's place in the domain; null without evidence."""

    ltc: LtcSummary
    interval: Interval | None
    assessment: Assessment | None
