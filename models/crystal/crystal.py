"""Crystals: idealised structures with neighbors, graphs and fingerprints."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Self

import numpy as np
import spglib
from pymatgen.core import Composition, Element, Structure

from models.crystal.cell import Ints, cell_of
from models.crystal.dimension import BondedNetwork, bonded_network
from models.crystal.fingerprint import fingerprint
from models.crystal.graph import FADING, MEGNET, CrystalGraph, Cutoff, crystal_graph
from models.crystal.neighbors import Neighbors, find_neighbors
from models.crystal.structure_type import OTHER, StructureType, structure_type
from models.crystal.symmetry import Idealised, Symmetry, idealise
from models.errors import StructureTooLarge

SYMBOL_TOLERANCE = 0.01  # A; of the space group of the idealised cell
MIRRORED = {  # space groups of mirror images, which are one crystal but for its hand
    "P4_3": "P4_1", "P4_322": "P4_122", "P4_32_12": "P4_12_12", "P3_2": "P3_1",
    "P3_212": "P3_112", "P3_221": "P3_121", "P6_5": "P6_1", "P6_522": "P6_122", "P6_4": "P6_2",
    "P6_422": "P6_222", "P4_332": "P4_132",
}  # fmt: skip


@dataclass(frozen=True)
class Crystal:
    """An ordered crystal: primitive, idealised, with its neighbors up to 6 A.

    Equivalent cells and reordered sites give equal crystals up to rounding.
    """

    ideal: Idealised
    neighbors: Neighbors

    @classmethod
    def of(cls, structure: Structure, max_bonds: int | None = None) -> Self:
        """Return the crystal of an ordered structure; its graph has at most `max_bonds`.

        Raises IsolatedAtom when an atom has no neighbor within 10 A, StructureTooLarge.
        """
        ideal = idealise(cell_of(structure))
        crystal = cls(ideal, find_neighbors(ideal))
        if max_bonds is not None and crystal.graph.n_bonds > max_bonds:
            raise StructureTooLarge(
                f"The crystal has {crystal.graph.n_bonds} different bonds up to 4 A, more than the "
                f"{max_bonds} accepted; send a smaller cell."
            )
        return crystal

    @property
    def symmetry(self) -> Symmetry:
        """Approximate symmetry."""
        return self.ideal.symmetry

    @property
    def numbers(self) -> Ints:
        """Atomic numbers [n_sites] of the primitive cell."""
        return self.ideal.cell.numbers

    @property
    def volume(self) -> float:
        """Volume of an atom in A^3."""
        return self.ideal.cell.volume / len(self.numbers)

    @cached_property
    def graph(self) -> CrystalGraph:
        """The crystal graph with MEGNet's cutoff."""
        return crystal_graph(self.neighbors, MEGNET)

    @cached_property
    def fading_graph(self) -> CrystalGraph:
        """The crystal graph whose bonds fade out."""
        return crystal_graph(self.neighbors, FADING)

    def graph_within(self, cutoff: Cutoff) -> CrystalGraph:
        """Return the crystal graph with a cutoff; those of `MEGNET` and `FADING` are kept."""
        kept = {MEGNET: "graph", FADING: "fading_graph"}
        if cutoff in kept:
            graph: CrystalGraph = getattr(self, kept[cutoff])
            return graph
        return crystal_graph(self.neighbors, cutoff)

    @cached_property
    def composition(self) -> dict[int, int]:
        """Number of atoms of each element in the primitive cell, by atomic number."""
        species, counts = np.unique(self.numbers, return_counts=True)
        return dict(zip(species.tolist(), counts.tolist(), strict=True))

    @cached_property
    def formula(self) -> str:
        """Reduced chemical formula."""
        counts = {chemical_symbol(z): count for z, count in self.composition.items()}
        return Composition(counts).reduced_formula

    @property
    def symbols(self) -> tuple[str, ...]:
        """Chemical symbols of the elements, by atomic number."""
        return tuple(chemical_symbol(number) for number in self.composition)

    @cached_property
    def structure_type(self) -> str:
        """Name of the structure type, such as rocksalt; `OTHER` where it has none."""
        return self._type.name

    @cached_property
    def _type(self) -> StructureType:
        return structure_type(self.ideal)

    @cached_property
    def network(self) -> BondedNetwork:
        """Molecules, chains, layers or a framework."""
        return bonded_network(self.ideal.cell)

    @cached_property
    def prototype(self) -> str:
        """Structure type and its elements: equal for one compound, whatever its lengths.

        For a type without a name: space group, operations, sites of the primitive cell, and how
        many sites are equivalent, by element. Mirror images have the same.
        """
        if self.structure_type != OTHER:
            return " ".join([self.structure_type, *map(chemical_symbol, self._type.on_sites)])
        orbits = np.unique(self.ideal.orbit, return_counts=True)[1]
        number = self.numbers[np.unique(self.ideal.orbit)]
        sites = sorted(zip(number.tolist(), orbits.tolist(), strict=True))
        names = ",".join(f"{chemical_symbol(z)}{n}" for z, n in sites)
        group = MIRRORED.get(self.space_group or "", self.space_group)
        return f"{OTHER} {group} {len(self.ideal.rotation)}/{len(self.numbers)} {names}"

    @cached_property
    def space_group(self) -> str | None:
        """International symbol of the idealised cell's space group; None if it is not found."""
        ideal, lattice = self.ideal, self.ideal.cell.lattice.tolist()
        if ideal.is_exact:  # spglib's own search takes ten times as long
            found = spglib.get_spacegroup_type_from_symmetry(
                ideal.rotation, ideal.translation % 1, lattice, symprec=SYMBOL_TOLERANCE
            )
            return found.international_short if found else None
        arrays = (lattice, ideal.cell.positions.tolist(), ideal.cell.numbers.tolist())
        symbol = spglib.get_spacegroup(arrays, symprec=SYMBOL_TOLERANCE)
        return symbol.partition(" ")[0] if symbol else None

    @cached_property
    def fingerprint(self) -> str:
        """Identity of the crystal, 32 hex digits, equal for equivalent cells."""
        return fingerprint(self.formula, self._group, self.volume, self.graph)

    @property
    def _group(self) -> tuple[str, int, int]:
        """What tells crystals of equal bonds apart: structure type, operations, sites."""
        return self.prototype, len(self.ideal.rotation), len(self.numbers)


@cache
def chemical_symbol(number: int) -> str:
    """Return the symbol of the element of an atomic number."""
    return Element.from_Z(number).symbol
