"""What the service answers, as models; every number has a unit and a description."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pymatgen.core import Structure

LTC_UNIT: Literal["W/(m K)"] = "W/(m K)"
TEMPERATURE = 300.0  # K; all training data are for this temperature


def _number(description: str, unit: str) -> Any:
    return Field(description=description, json_schema_extra={"unit": unit})


Conductivity = Annotated[float, Field(ge=0, json_schema_extra={"unit": LTC_UNIT})]


class Document(BaseModel):
    """A part of an answer: unchangeable, and without NaN or infinity."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="forbid")


class Material(Document):
    """The crystal that was asked for."""

    material_id: str | None = Field(description="Materials Project id; null for an upload.")
    formula: str = Field(description="Reduced chemical formula.")
    n_sites: int = _number("Number of sites in the cell as given.", "sites")
    space_group: str | None = Field(
        description="International (Hermann-Mauguin) symbol; null if it could not be determined."
    )
    idealised: bool = Field(
        description="Whether atoms up to about 0.1 A off the sites of the space group were moved "
        "there for the prediction."
    )
    fingerprint: str = Field(description="Identity of the crystal, the same for equivalent cells.")


class Interval(Document):
    """Where the true value lies with a stated probability."""

    level: float = _number("Probability that the interval covers the true value.", "1")
    lower: Conductivity = Field(description="Lower end.")
    upper: Conductivity = Field(description="Upper end.")


class Ltc(Document):
    """Lattice thermal conductivity (LTC), isotropic mean, over the members of the ensemble."""

    mean: Conductivity = Field(description="Mean over the members.")
    std: Conductivity = Field(description="Population standard deviation over the members.")
    median: Conductivity = Field(description="Median over the members.")
    min: Conductivity = Field(description="Lowest member.")
    max: Conductivity = Field(description="Highest member.")
    members: list[Conductivity] = Field(
        description="LTC by each member.", json_schema_extra={"unit": LTC_UNIT}
    )
    interval: Interval | None = Field(
        description="Calibrated interval; null where the ensemble has none."
    )
    unit: Literal["W/(m K)"] = Field(LTC_UNIT, description="Unit of every conductivity here.")
    temperature: float = _number("Temperature that the LTC is for.", "K")


class Neighbour(Document):
    """A training crystal near the one asked for."""

    material_id: str = Field(description="Id in its data set.")
    formula: str = Field(description="Reduced chemical formula.")
    ltc: Conductivity = Field(description="Its reference LTC.")
    out_of_fold: Conductivity | None = Field(
        description="Mean of the members not trained on it; null where all were."
    )
    dataset: str = Field(description="Data set that it comes from.")
    distance: float = _number(
        "Root mean square distance of the embeddings, in their standard deviations.", "1"
    )


class Domain(Document):
    """How far the crystal is from what the ensemble was trained on."""

    verdict: Literal["inside", "edge", "outside"] = Field(description="Where the crystal lies.")
    reasons: list[str] = Field(description="Why, one sentence each.")
    nearest: list[Neighbour] = Field(description="Nearest training crystals, nearest first.")
    in_training_data: bool = Field(description="Whether the crystal itself was trained on.")


class SlackEstimate(Document):
    """LTC by Slack's formula, from quantities that the ensemble predicts beside the LTC."""

    ltc: Conductivity = Field(description="Slack's estimate: good in rank, rough in value.")
    debye_temperature: float = _number("Predicted Debye temperature of the crystal.", "K")
    gruneisen: float = _number("Predicted Grüneisen parameter.", "1")
    source: str = Field(description="Formula and where its inputs come from.")


class MinimumConductivity(Document):
    """The least LTC: that of a glass of the same atoms, from predicted elastic moduli."""

    ltc: Conductivity = Field(description="Cahill's minimum conductivity.")
    bulk_modulus: float = _number("Predicted bulk modulus.", "GPa")
    shear_modulus: float = _number("Predicted shear modulus.", "GPa")
    source: str = Field(description="Formula and where its inputs come from.")


class SecondOpinion(Document):
    """What simple physics says, from harmonic quantities predicted beside the LTC."""

    slack: SlackEstimate
    minimum: MinimumConductivity


class EnsembleReference(Document):
    """The ensemble that answered."""

    name: str = Field(description="Name of the ensemble.")
    digest: str = Field(description="sha256 of its manifest, which holds those of its files.")


class Answer(Document):
    """Predicted LTC of one crystal."""

    material: Material
    ltc: Ltc
    domain: Domain | None = Field(
        description="Applicability domain; null where the ensemble cannot tell."
    )
    second_opinion: SecondOpinion | None = Field(
        description="Estimates by simple physics; null where the ensemble predicts no inputs to it."
    )
    warnings: list[str] = Field(
        description="What to mind before the number is used, one sentence each; mostly none."
    )
    ensemble: EnsembleReference
    cache: Literal["hit", "miss"] = Field(description="Whether the LTC came from the cache.")


class Site(Document):
    """An atom in the cell."""

    element: str = Field(description="Chemical symbol.")
    position: tuple[float, float, float] = Field(
        description="Fractional coordinates.", json_schema_extra={"unit": "1"}
    )


class CrystalStructure(Document):
    """A cell with all its sites, symmetry applied."""

    formula: str = Field(description="Reduced chemical formula.")
    lengths: tuple[float, float, float] = Field(
        description="Cell lengths a, b, c.", json_schema_extra={"unit": "A"}
    )
    angles: tuple[float, float, float] = Field(
        description="Cell angles alpha, beta, gamma.", json_schema_extra={"unit": "degree"}
    )
    vectors: list[tuple[float, float, float]] = Field(
        description="Cell vectors, Cartesian.", json_schema_extra={"unit": "A"}
    )
    volume: float = _number("Volume of the cell.", "A^3")
    sites: list[Site] = Field(description="Every atom of the cell.")

    @classmethod
    def of(cls, structure: Structure) -> "CrystalStructure":
        """Return the description of an ordered structure."""
        lattice = structure.lattice
        return cls(
            formula=structure.composition.reduced_formula,
            lengths=lattice.abc,
            angles=lattice.angles,
            vectors=lattice.matrix.tolist(),
            volume=lattice.volume,
            sites=[
                Site(element=site.specie.symbol, position=tuple(site.frac_coords))
                for site in structure
            ],
        )


class EnsembleEntry(EnsembleReference):
    """One loaded ensemble."""

    default: bool = Field(description="Whether it answers when a request names none.")


class EnsembleList(Document):
    """The loaded ensembles."""

    ensembles: list[EnsembleEntry] = Field(description="One entry each, by name.")


class EnsembleDetail(EnsembleEntry):
    """One loaded ensemble with its manifest."""

    manifest: dict[str, Any] = Field(
        description="Training data, settings, members, metrics under both protocols, checksums."
    )


class ReferenceEntry(Document):
    """A crystal that the ensemble was trained on, with what members say that were not."""

    material_id: str = Field(description="Id in its data set.")
    formula: str = Field(description="Reduced chemical formula.")
    dataset: str = Field(description="Data set that it comes from.")
    ltc: Conductivity = Field(description="Its reference LTC.")
    out_of_fold: Conductivity | None = Field(
        description="Mean of the members not trained on it; null where all were."
    )


class EnsembleEvidence(Document):
    """The references of an ensemble's last stage."""

    references: list[ReferenceEntry] = Field(description="One for each training crystal.")


class Health(Document):
    """State of the service."""

    status: Literal["live", "ready"] = Field(description="What was asked about.")


class CifText(Document):
    """The JSON form of an upload."""

    cif: str = Field(description="Content of a CIF file.")


class Problem(Document):
    """An error (RFC 9457, application/problem+json)."""

    type: str = Field(description="Stable path of the kind of error; answers with its description.")
    title: str = Field(description="Short name of the kind of error.")
    status: int = _number("HTTP status.", "1")
    detail: str = Field(description="What was wrong this time, and what to do about it.")
    instance: str = Field(description="Path of the request.")


class ProblemKind(Document):
    """Description of a kind of error."""

    type: str = Field(description="Stable path of the kind of error.")
    title: str = Field(description="Short name.")
    status: int = _number("HTTP status it is answered with.", "1")
    description: str = Field(description="When it is answered.")
