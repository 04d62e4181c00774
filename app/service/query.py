"""Queries: crystals to predict, with what an answer says of them."""

from dataclasses import dataclass
from typing import Literal

from pymatgen.core import Structure

from app.schemas import Answer, EnsembleReference, Material
from app.service.ensembles import ServedEnsemble
from models.crystal.crystal import Crystal
from models.prediction.result import Prediction
from models.prediction.warnings import likely_metal
from models.structure.checks import StructureLimits
from models.structure.read import StructureFile, checked_file


@dataclass(frozen=True)
class Query:
    """A crystal to predict, its description in the answer, and warnings of its file."""

    material: Material
    crystal: Crystal
    warnings: tuple[str, ...] = ()

    def answer(
        self, prediction: Prediction, ensemble: ServedEnsemble, cache: Literal["hit", "miss"]
    ) -> Answer:
        """Return the answer that a prediction by an ensemble makes; warnings of the file first."""
        return Answer(
            **dict(prediction) | {"warnings": self.warnings + prediction.warnings},
            material=self.material,
            ensemble=EnsembleReference(name=ensemble.name, digest=ensemble.digest),
            cache=cache,
        )


def make_query(
    file: StructureFile, limits: StructureLimits, material_id: str | None = None
) -> Query:
    """Return the query for the structure of a file. Raises IsolatedAtom, StructureTooLarge."""
    structure, crystal = file.structure, Crystal.of(file.reduced, limits.max_bonds)
    material = Material(
        material_id=material_id,
        formula=crystal.formula,
        n_sites=len(structure),
        space_group=crystal.space_group,
        structure_type=crystal.structure_type,
        likely_metal=likely_metal(crystal),
        idealised=crystal.symmetry.idealised,
        fingerprint=crystal.fingerprint,
    )
    return Query(material, crystal, file.warnings)


def material_query(structure: Structure, material_id: str, limits: StructureLimits) -> Query:
    """Return the query for a material of the Materials Project. Raises StructureError."""
    file = checked_file(structure, "Materials Project", (), limits)
    return make_query(file, limits, material_id)
