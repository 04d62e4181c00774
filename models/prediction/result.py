"""Result classes: what an ensemble predicts for one crystal, in Python and in JSON alike."""

from typing import Annotated, Any, Literal

from pydantic import Field

from models.records import Record

LTC_UNIT: Literal["W/(m K)"] = "W/(m K)"
TEMPERATURE = 300.0  # K; all training data are for this temperature

Verdict = Literal["inside", "edge", "outside"]
Conductivity = Annotated[float, Field(ge=0, json_schema_extra={"unit": LTC_UNIT})]


def number(description: str, unit: str) -> Any:
    """Return a field of a number with its unit."""
    return Field(description=description, json_schema_extra={"unit": unit})


class Interval(Record):
    """Prediction interval: holds the true value with a stated probability."""

    level: float = number("Probability that the interval covers the true value.", "1")
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
    formula: str = Field(description="Reduced chemical formula.")
    dataset: str = Field(description="Data set that it comes from.")
    ltc: Conductivity = Field(description="Its reference LTC.")
    out_of_fold: Conductivity | None = Field(
        description="Mean of the members not trained on it; null where all were."
    )


class Neighbor(Reference):
    """A training crystal near the predicted one."""

    distance: float = number(
        "Root mean square distance of the embeddings, in their standard deviations.", "1"
    )


class Domain(Record):
    """Applicability domain: how far the crystal is from the training data."""

    verdict: Verdict = Field(description="Where the crystal lies.")
    reasons: tuple[str, ...] = Field(default=(), description="Why, one sentence each.")
    nearest: tuple[Neighbor, ...] = Field(
        default=(), description="Nearest training crystals, nearest first."
    )
    in_training_data: bool = Field(
        default=False, description="Whether the crystal itself was trained on."
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
    warnings: tuple[str, ...] = Field(
        default=(), description="Reasons for care before the number is used, one sentence each."
    )
