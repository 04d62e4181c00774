"""A crystal as every later step needs it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Element, Structure

from models.crystal.fingerprint import fingerprint
from models.crystal.graph import CrystalGraph, crystal_graph
from models.crystal.neighbors import Neighbors, find_neighbors, within_cutoff
from models.crystal.symmetry import Symmetry, idealise


@dataclass(frozen=True)
class Crystal:
    """An ordered crystal, idealised within the tolerance of `idealise`, with its neighbors.

    `structure` is the idealised cell, `symmetry` its space group, `neighbors` all pairs up to 6 A.
    Equivalent cells and reordered sites give equal crystals up to rounding of the distances.
    """

    structure: Structure
    symmetry: Symmetry
    neighbors: Neighbors

    @classmethod
    def of(cls, structure: Structure) -> Self:
        """Return the crystal of an ordered structure.

        Raises IsolatedAtom when an atom has no neighbor within 10 A.
        """
        ideal, symmetry = idealise(structure)
        return cls(ideal, symmetry, find_neighbors(ideal))

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Atomic numbers [n_sites]."""
        return np.array([site.specie.Z for site in self.structure], dtype=np.int64)

    @cached_property
    def bonds(self) -> Neighbors:
        """The pairs up to 4 A, MEGNet's cutoff."""
        return within_cutoff(self.neighbors)

    @cached_property
    def graph(self) -> CrystalGraph:
        """The crystal graph."""
        return crystal_graph(self.numbers, self.bonds)

    @property
    def volume(self) -> float:
        """Volume of an atom in A^3."""
        return float(self.structure.volume / len(self.structure))

    @cached_property
    def composition(self) -> dict[int, int]:
        """Number of atoms of each element in the primitive cell, by atomic number."""
        species, counts = np.unique(self.numbers, return_counts=True)
        in_primitive = counts * self.symmetry.n_primitive // len(self.numbers)
        return dict(zip(species.tolist(), in_primitive.tolist(), strict=True))

    @cached_property
    def formula(self) -> str:
        """Reduced chemical formula."""
        counts = {Element.from_Z(number): count for number, count in self.composition.items()}
        return Composition(counts).reduced_formula

    @property
    def symbols(self) -> tuple[str, ...]:
        """Chemical symbols of the elements, by atomic number."""
        return tuple(Element.from_Z(number).symbol for number in self.composition)

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the crystal, 32 hex digits, equal for equivalent cells."""
        return fingerprint(self.formula, self.symmetry, self.volume, self.graph)
