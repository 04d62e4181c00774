"""Requests and answers of the service; every number has a unit and a description."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field
from pymatgen.core import Structure

from models.formula import Formula
from models.prediction.result import Prediction, Reference, number
from models.records import Record


class Material(Record):
    """The crystal that was asked for."""

    material_id: str | None = Field(description="Materials Project id; null for an upload.")
    formula: Formula
    n_sites: int = number("Number of sites in the cell as given.", "sites")
    space_group: str | None = Field(
        description="International (Hermann-Mauguin) symbol; null if it could not be determined."
    )
    structure_type: str = Field(description="Structure type, such as rocksalt.")
    likely_metal: bool = Field(description="Whether electrons are likely to conduct heat as well.")
    idealised: bool = Field(
        description="Whether atoms that noise had moved off the sites of the space group were "
        "moved there for the prediction."
    )
    fingerprint: str = Field(
        description="Identity of the crystal, the same for equivalent cells with all their digits."
    )


class EnsembleReference(Record):
    """The ensemble that answered."""

    name: str = Field(description="Name of the ensemble.")
    digest: str = Field(description="sha256 of its manifest, which holds those of its files.")


class Answer(Prediction):
    """Predicted LTC of one crystal."""

    material: Material
    ensemble: EnsembleReference
    cache: Literal["hit", "miss"] = Field(description="Whether the LTC came from the cache.")


class Site(Record):
    """An atom in the cell."""

    element: str = Field(description="Chemical symbol.")
    position: tuple[float, float, float] = Field(
        description="Fractional coordinates.", json_schema_extra={"unit": "1"}
    )


class CrystalStructure(Record):
    """A cell with all its sites, symmetry applied."""

    formula: Formula
    lengths: tuple[float, float, float] = Field(
        description="Cell lengths a, b, c.", json_schema_extra={"unit": "A"}
    )
    angles: tuple[float, float, float] = Field(
        description="Cell angles alpha, beta, gamma.", json_schema_extra={"unit": "degree"}
    )
    vectors: list[tuple[float, float, float]] = Field(
        description="Cell vectors, Cartesian.", json_schema_extra={"unit": "A"}
    )
    volume: float = number("Volume of the cell.", "A^3")
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


class EnsembleList(Record):
    """The loaded ensembles."""

    ensembles: list[EnsembleEntry] = Field(description="One entry each, by name.")


class EnsembleDetail(EnsembleEntry):
    """One loaded ensemble with its manifest."""

    manifest: dict[str, Any] = Field(
        description="Training data, settings, members, metrics under both protocols, checksums."
    )


class EnsembleEvidence(Record):
    """The references of an ensemble's last stage."""

    references: list[Reference] = Field(description="One for each training crystal.")

    @classmethod
    def of(cls, references: Iterable[Reference]) -> "EnsembleEvidence":
        """Return the references as answers name them, without their crystals' identities."""
        fields = (
            {name: getattr(each, name) for name in Reference.model_fields} for each in references
        )
        return cls(references=[Reference(**values) for values in fields])


class InfoLimits(Record):
    """Limits on a request."""

    max_upload_bytes: int = number(
        "Longest structure file; a request body may be 16 times as long.", "bytes"
    )
    max_sites: int = number("Most sites in a cell.", "sites")
    max_bonds: int = number("Most different bonds up to 4 A in a crystal.", "bonds")
    request_timeout: float = number("Longest wait for an answer.", "s")
    rate_limit: str | None = Field(description="Requests of one client; null where unlimited.")


class Info(Record):
    """What runs here."""

    version: str = Field(description="Version of the service.")
    code: str = Field(description="sha256 of the code that decides an answer.")
    ready: bool = Field(description="Whether every ensemble is loaded and checked.")
    ensembles: list[EnsembleReference] = Field(description="The loaded ensembles.")
    limits: InfoLimits = Field(description="Limits on a request.")


class Health(Record):
    """State of the service."""

    status: Literal["live", "ready"] = Field(description="What was asked about.")


class CifText(Record):
    """The JSON form of an upload."""

    cif: str = Field(description="Content of a CIF file.")


class Problem(Record):
    """An error (RFC 9457, application/problem+json)."""

    type: str = Field(description="Stable path of the kind of error; answers with its description.")
    title: str = Field(description="Short name of the kind of error.")
    status: int = number("HTTP status.", "1")
    detail: str = Field(description="What was wrong this time, and what to do about it.")
    instance: str = Field(description="Path of the request.")
    request_id: str | None = Field(
        None, description="Id of the request, as in X-Request-ID and in the service's log."
    )


class ProblemKind(Record):
    """Description of a kind of error."""

    type: str = Field(description="Stable path of the kind of error.")
    title: str = Field(description="Short name.")
    status: int = number("HTTP status it is answered with.", "1")
    description: str = Field(description="When it is answered.")
