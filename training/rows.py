"""One line of a data set file: how it is checked, read and written."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    ValidationError,
    model_validator,
)
from pymatgen.core import Composition, Element, Lattice, Structure

# The sine-like ratio volume / (a b c); below it two lattice vectors are parallel for any purpose.
SMALLEST_CELL_RATIO = 1e-3
DECIMALS = 8

Vector = tuple[FiniteFloat, FiniteFloat, FiniteFloat]
Label = Annotated[FiniteFloat, Field(gt=0)]


def _vectors(rows: NDArray[np.float64]) -> Any:
    return tuple(map(tuple, rows.round(DECIMALS).tolist()))


def _known_element(symbol: str) -> str:
    if not Element.is_valid_symbol(symbol):
        raise ValueError(f"{symbol!r} is not an element")
    return symbol


class StoredStructure(BaseModel):
    """A crystal as lattice vectors [A] in rows, element symbols and fractional coordinates."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    lattice: tuple[Vector, Vector, Vector]
    species: Annotated[
        tuple[Annotated[str, AfterValidator(_known_element)], ...], Field(min_length=1)
    ]
    frac_coords: tuple[Vector, ...]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.species) != len(self.frac_coords):
            raise ValueError(f"{len(self.species)} species but {len(self.frac_coords)} positions")
        edges = math.prod(math.hypot(*vector) for vector in self.lattice)
        if abs(np.linalg.det(self.lattice)) <= SMALLEST_CELL_RATIO * edges:
            raise ValueError("the lattice vectors enclose no volume")
        return self

    @classmethod
    def of(cls, structure: Structure) -> Self:
        """Return an ordered pymatgen structure in stored form, rounded to 1e-8."""
        return cls(
            lattice=_vectors(structure.lattice.matrix),
            species=tuple(site.specie.symbol for site in structure),
            frac_coords=_vectors(structure.frac_coords),
        )

    def to_pymatgen(self) -> Structure:
        """Return the pymatgen structure, sites in stored order."""
        return Structure(Lattice(self.lattice), self.species, self.frac_coords)


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
            structure=StoredStructure.of(structure),
            **labels,
        )

    @property
    def labels(self) -> Mapping[str, float]:
        """The labels that this row has, by name."""
        return self.model_dump(exclude={"material_id", "formula", "structure"}, exclude_none=True)

    def to_line(self) -> str:
        """Return the row as one line of JSON, without the line break."""
        return self.model_dump_json(exclude_none=True)


def refusal(error: ValidationError) -> str:
    """Return the first thing wrong with a row, and where in it."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
