"""A crystal structure as JSON: how it is checked, made and read back."""

import math
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, ConfigDict, Field, FiniteFloat, model_validator
from pymatgen.core import Element, Lattice, Structure

from models.records import Record

# The sine-like ratio volume / (a b c); below it two lattice vectors are parallel for any purpose.
SMALLEST_CELL_RATIO = 1e-3

Vector = tuple[FiniteFloat, FiniteFloat, FiniteFloat]


def _known_element(symbol: str) -> str:
    if not Element.is_valid_symbol(symbol):
        raise ValueError(f"{symbol!r} is not an element")
    return symbol


class StoredStructure(Record):
    """A crystal as lattice vectors [A] in rows, element symbols and fractional coordinates."""

    model_config = ConfigDict(strict=True)

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
    def of(cls, structure: Structure, decimals: int | None = None) -> Self:
        """Return the stored form of an ordered structure, rounded where `decimals` are given.

        Oxidation states are left out. Raises pydantic's ValidationError.
        """
        return cls(
            lattice=_vectors(structure.lattice.matrix, decimals),
            species=tuple(site.specie.symbol for site in structure),
            frac_coords=_vectors(structure.frac_coords, decimals),
        )

    def structure(self) -> Structure:
        """Return the structure, sites in stored order."""
        return Structure(Lattice(self.lattice), self.species, self.frac_coords)


def _vectors(rows: NDArray[np.float64], decimals: int | None) -> Any:
    return tuple(map(tuple, (rows if decimals is None else rows.round(decimals)).tolist()))
