"""One line of a data set file: how it is checked, read and written."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator
from pymatgen.core import Composition, Structure

from models.structure.stored import StoredStructure

DECIMALS = 8  # of lattice vectors and coordinates in the files

Label = Annotated[FiniteFloat, Field(gt=0)]


class Row(BaseModel):
    """One crystal and its labels, as one JSON line of a data set file.

    `ltc` [W/(m K)] at 300 K, `debye_temperature` [K], `gruneisen` (no unit), `bulk_modulus` and
    `shear_modulus` [GPa]; a label is a finite number above zero, and each file has its own.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    material_id: Annotated[str, Field(min_length=1)]
    formula: Annotated[str, Field(min_length=1)]
    ltc: Label | None = None
    debye_temperature: Label | None = None
    gruneisen: Label | None = None
    bulk_modulus: Label | None = None
    shear_modulus: Label | None = None
    structure: StoredStructure

    @model_validator(mode="after")
    def _formula_fits(self) -> Self:
        stated, held = Composition(self.formula), Composition("".join(self.structure.species))
        if not stated.fractional_composition.almost_equals(held.fractional_composition):
            raise ValueError(f"formula {self.formula} but the structure is {held.formula}")
        return self

    @classmethod
    def of(
        cls,
        material_id: str,
        structure: Structure,
        formula: str | None = None,
        **labels: float,
    ) -> Self:
        """Return the row of a structure; the formula is the structure's own where none is given.

        Raises pydantic's ValidationError, or ValueError where sites are disordered.
        """
        if not structure.is_ordered:
            raise ValueError("some sites are partly occupied or shared between elements")
        return cls(
            material_id=material_id,
            formula=formula or structure.composition.reduced_formula,
            structure=StoredStructure.of(structure, DECIMALS),
            **labels,
        )

    @property
    def labels(self) -> Mapping[str, float]:
        """The labels that this row has, by name."""
        return self.model_dump(exclude={"material_id", "formula", "structure"}, exclude_none=True)

    def to_line(self) -> str:
        """Return the row as one line of JSON, without the line break."""
        return self.model_dump_json(exclude_none=True)
