"""Result classes: what an ensemble predicts for one crystal, in Python and in JSON alike."""

from typing import Annotated, Any, Literal

from pydantic import Field

from models.formula import Formula
from models.records import Record

LTC_UNIT: Literal["W/(m K)"] = "W/(m K)"
TEMPERATURE = 300.0  # K; all training data are for this temperature

Verdict = Literal["inside", "edge", "outside"]
Conductivity = Annotated[float, Field(ge=0, json_schema_extra={"unit": LTC_UNIT})]


def number(description: str, unit: str) -> Any:
    """Return a field of a number with its unit."""
    return Field(description=description, json_schema_extra={"unit": unit})


class Interval(Record):
    """Prediction interval: holds what the imitated method would give, with a stated probability.

    A measurement differs by more.
    """

    level: float = number("Probability that the interval covers what the method would give.", "1")
    lower: Conductivity = Field(description="Lower end.")
    upper: Conductivity = Field(description="Upper end.")


class Ltc(Record):
    """Lattice thermal conductivity (LTC), isotropic mean, over the members of the ensemble."""

    mean: Conductivity = Field(description="Mean over the members.")
    std: Conductivity = Field(description="Population standard deviation over the members.")
    median: Conductivity = Field(description="Median over the members.")
    min: Conductivity = Field(description="Lowest member.")
    max: Conductivity = Field(description="Highest member.")
    members: tuple[Conductivity, ...] = Field(
        description="LTC by each member.", json_schema_extra={"unit": LTC_UNIT}
    )
    interval: Interval | None = Field(
        default=None, description="Calibrated interval; null where the ensemble has none."
    )
    unit: Literal["W/(m K)"] = Field(LTC_UNIT, description="Unit of every conductivity here.")
    temperature: float = Field(
        TEMPERATURE, description="Temperature of the LTC.", json_schema_extra={"unit": "K"}
    )


class Reference(Record):
    """A training crystal with its reference LTC, and the prediction of members without it."""

    material_id: str = Field(description="Id in its data set.")
    formula: Formula
    dataset: str = Field(description="Data set that it comes from.")
    ltc: Conductivity = Field(description="Its reference LTC.")
    out_of_fold: Conductivity | None = Field(
        description="Mean of the members not trained on it; null where all were."
    )


class Neighbor(Reference):
    """A training crystal near the predicted one."""

    distance: float = number(
        "Distance in correlation lengths of the ensemble's Gaussian process: at 0 two crystals "
        "look the same to it, at 1 their log10(LTC) correlate by about one half. For ensembles "
        "without one: of the embeddings, in their standard deviations.",
        "1",
    )


class PhononEstimate(Record):
    """An LTC that was estimated from calculated phonons for want of a reference.

    The ensemble learned from it beside its references, and expects a smaller error for it.
    """

    material_id: str = Field(description="Id in its data set.")
    formula: Formula
    dataset: str = Field(description="Data set that its phonons come from.")
    ltc: Conductivity = Field(description="Estimated LTC.")


class Domain(Record):
    """Applicability domain: how far the crystal is from the training data."""

    verdict: Verdict = Field(description="Where the crystal lies.")
    reasons: tuple[str, ...] = Field(default=(), description="Why, one sentence each.")
    nearest: tuple[Neighbor, ...] = Field(
        default=(),
        description="Nearest training crystals: those of the same compound in the same structure "
        "type whatever their distance, then the others, each nearest first.",
    )
    in_training_data: bool = Field(
        default=False,
        description="Whether the same compound in the same structure type was trained on: in a "
        "type with a name whatever its lattice constants, in another one with the same space group "
        "and numbers of sites, and near.",
    )
    same_crystal: tuple[Neighbor, ...] = Field(
        default=(), description="References of the same compound in the same structure type."
    )
    phonon_estimates: tuple[PhononEstimate, ...] = Field(
        default=(),
        description="LTC estimated from calculated phonons of the same compound in the same "
        "structure type, which the prediction was learned from.",
    )
    expected_error: float | None = Field(
        default=None,
        description="Expected absolute error of log10(LTC), from out-of-fold errors; null where "
        "it is unknown.",
        json_schema_extra={"unit": "1"},
    )


class SlackEstimate(Record):
    """LTC by Slack's formula, from quantities that the ensemble predicts beside the LTC."""

    ltc: Conductivity = Field(description="Slack's estimate: good in rank, rough in value.")
    debye_temperature: float = number("Predicted Debye temperature of the crystal.", "K")
    gruneisen: float = number("Predicted Grüneisen parameter.", "1")
    source: str = Field(description="Formula and where its inputs come from.")


class MinimumConductivity(Record):
    """Cahill's model of the minimum LTC, that of a glass, from predicted elastic moduli."""

    ltc: Conductivity = Field(description="Cahill's minimum conductivity.")
    bulk_modulus: float = number("Predicted bulk modulus.", "GPa")
    shear_modulus: float = number("Predicted shear modulus.", "GPa")
    source: str = Field(description="Formula and where its inputs come from.")


class SecondOpinion(Record):
    """Estimates by simple physical models, from harmonic quantities predicted beside the LTC."""

    slack: SlackEstimate
    minimum: MinimumConductivity


class Method(Record):
    """A method that LTC are calculated by, which a prediction imitates."""

    name: str = Field(description="Method and code.")
    details: str = Field(description="Functional, solution and further terms, as far as stated.")
    source: str = Field(description="Publication or data set.")


class Citation(Record):
    """A publication to cite."""

    text: str = Field(description="Authors, title, place, year.")
    url: str = Field(description="Address.")


class NumberDescription(Record):
    """What the predicted number is."""

    conditions: tuple[str, ...] = Field(description="Conditions that the LTC is for.")
    method: Method | None = Field(
        description="Method whose results are imitated; null where the ensemble does not state it."
    )
    left_out: tuple[str, ...] = Field(description="What the LTC does not include.")
    next_steps: str = Field(description="What to do with it, by the verdict.")
    citation: Citation = Field(description="How to cite it.")


class Prediction(Record):
    """What an ensemble predicts for a crystal."""

    ltc: Ltc
    domain: Domain | None = Field(
        default=None, description="Applicability domain; null where the ensemble cannot tell."
    )
    second_opinion: SecondOpinion | None = Field(
        default=None,
        description="Estimates by simple physical models; null where their inputs are missing.",
    )
    number: NumberDescription | None = Field(
        default=None, description="What the number is, and what it is not."
    )
    warnings: tuple[str, ...] = Field(
        default=(), description="Reasons for care before the number is used, one sentence each."
    )
