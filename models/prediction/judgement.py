"""What an ensemble says of a crystal."""

from dataclasses import dataclass

from models.prediction.domain import Assessment
from models.prediction.second_opinion import SecondOpinion
from models.prediction.statistics import Interval, LtcSummary


@dataclass(frozen=True)
class Judgement:
    """LTC with its interval, the crystal's place in the domain, what else is to be said of it.

    Interval and assessment are null without evidence, the second opinion without its inputs.
    """

    ltc: LtcSummary
    interval: Interval | None = None
    assessment: Assessment | None = None
    second_opinion: SecondOpinion | None = None
    cautions: tuple[str, ...] = ()
