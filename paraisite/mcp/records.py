"""What the tools answer: short records, with the unit of every number."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Self

from pydantic import Field

from app.schemas import Answer
from models.formula import Formula
from models.prediction.result import (
    LTC_UNIT,
    Conductivity,
    Neighbor,
    NumberDescription,
    PhononEstimate,
    SecondOpinion,
    Verdict,
    number,
)
from models.records import Record


class Estimate(Record):
    """Predicted lattice thermal conductivity (LTC) of a crystal, in short."""

    formula: Formula
    material_id: str | None = Field(description="Materials Project id; null for a file.")
    space_group: str | None = Field(description="International symbol.")
    ltc: Conductivity = Field(description="Predicted LTC.")
    lower: Conductivity | None = Field(description="Lower end of the prediction interval.")
    upper: Conductivity | None = Field(description="Upper end of the prediction interval.")
    level: float | None = number("Probability that the interval covers the reference.", "1")
    unit: str = Field(LTC_UNIT, description="Unit of every conductivity here.")
    temperature: float = number("Temperature of the LTC.", "K")
    verdict: Verdict | None = Field(
        description="Whether the crystal is like those that were learned from: inside, edge or "
        "outside. Do not rely on a prediction that is outside."
    )
    in_training_data: bool | None = Field(
        description="Whether the compound was learned from in this structure type."
    )
    warnings: tuple[str, ...] = Field(description="Reasons for care, one sentence each.")
    ensemble: str = Field(description="Name of the ensemble that predicts.")

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """Return a prediction in short."""
        interval, domain = answer.ltc.interval, answer.domain
        return cls(
            formula=answer.material.formula,
            material_id=answer.material.material_id,
            space_group=answer.material.space_group,
            ltc=answer.ltc.mean,
            lower=interval and interval.lower,
            upper=interval and interval.upper,
            level=interval and interval.level,
            temperature=answer.ltc.temperature,
            verdict=domain and domain.verdict,
            in_training_data=domain and domain.in_training_data,
            warnings=answer.warnings,
            ensemble=answer.ensemble.name,
        )


class Explanation(Record):
    """A prediction with the evidence for its verdict."""

    estimate: Estimate
    reasons: tuple[str, ...] = Field(description="Reasons for the verdict, one sentence each.")
    expected_factor: float | None = number(
        "Typical factor between prediction and reference, from held-out crystals.", "1"
    )
    same_crystal: tuple[Neighbor, ...] = Field(
        description="References of the same compound and structure type."
    )
    phonon_estimates: tuple[PhononEstimate, ...] = Field(
        description="LTC estimated from phonons of the compound, and learned from."
    )
    nearest: tuple[Neighbor, ...] = Field(description="Nearest training crystals.")
    second_opinion: SecondOpinion | None = Field(description="Estimates by analytical models.")
    number: NumberDescription | None = Field(
        description="What the number is: conditions, method, what is left out, what to do next."
    )

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """Return a prediction with its evidence."""
        domain = answer.domain
        error = domain.expected_error if domain else None
        return cls(
            estimate=Estimate.of(answer),
            reasons=domain.reasons if domain else (),
            expected_factor=None if error is None else 10**error,
            same_crystal=domain.same_crystal if domain else (),
            phonon_estimates=domain.phonon_estimates if domain else (),
            nearest=domain.nearest if domain else (),
            second_opinion=answer.second_opinion,
            number=answer.number,
        )


class Ranked(Record):
    """A crystal in an order by LTC."""

    estimate: Estimate
    separated: bool | None = Field(
        description="Whether its interval lies wholly above that of the crystal before: if not, "
        "the order of the two is uncertain. Null for the first, or where there is no interval."
    )


class Failed(Record):
    """A crystal without a prediction."""

    position: int = number("Position in the list given, from 0.", "1")
    error: str = Field(description="What was wrong, and what to do about it.")


class Comparison(Record):
    """Crystals in the order of their predicted LTC, lowest first."""

    ranked: tuple[Ranked, ...]
    failed: tuple[Failed, ...]

    @classmethod
    def of(cls, answers: Iterable[Answer], failed: Iterable[Failed]) -> Self:
        """Return crystals in order."""
        estimates = sorted(map(Estimate.of, answers), key=lambda estimate: estimate.ltc)
        separated = [None, *(_separated(*pair) for pair in pairwise(estimates))]
        ranked = zip(estimates, separated, strict=False)  # there may be none
        return cls(
            ranked=tuple(Ranked(estimate=one, separated=flag) for one, flag in ranked),
            failed=tuple(failed),
        )


def _separated(below: Estimate, above: Estimate) -> bool | None:
    if below.upper is None or above.lower is None:
        return None
    return below.upper < above.lower
