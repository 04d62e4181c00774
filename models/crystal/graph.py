"""Structure -> crystal graph, with equivalent atoms and bonds counted once.

MEGNet sees a crystal as atoms, and bonds between all pairs closer than a cutoff. Atoms that see the
same surroundings get the same features in every layer, so one of them with a weight stands for all:
means, and the attention sums of set2set, become weighted ones and nothing else changes. This makes
the answer independent of the cell it was computed in, and cuts the bonds of the AFLOW crystals to
an eighth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Composition, Element, Structure

from models.crystal.neighbors import SAME_DISTANCE, Bonds, bonds_among, find_neighbors
from models.crystal.symmetry import Symmetry, idealise
from models.descriptors.describe import describe

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class CrystalGraph:
    """The inequivalent atoms of a crystal and the bonds from them, sorted by `center`.

    `species` [n_atoms]: atomic number. `atom_share` [n_atoms]: fraction of the crystal's atoms that
    this one stands for. `center`, `neighbor` [n_bonds]: the atoms joined. `distance` [n_bonds]: A.
    `bond_weight` [n_bonds]: fraction of the center's bonds, `bond_share` [n_bonds]: fraction of the
    crystal's bonds. `volume`: A^3 for each atom. `descriptors`: see `models.descriptors.describe`.
    `symmetry`: the crystal's, to which atoms that were a little off have been moved.
    """

    species: Ints
    atom_share: Floats
    center: Ints
    neighbor: Ints
    distance: Floats
    bond_weight: Floats
    bond_share: Floats
    volume: float
    descriptors: Floats
    symmetry: Symmetry

    @property
    def n_atoms(self) -> int:
        """Number of inequivalent atoms."""
        return len(self.species)

    @property
    def composition(self) -> dict[int, int]:
        """How many atoms of each element, by atomic number, the primitive cell has."""
        shares = np.bincount(self.species, weights=self.atom_share)
        counts = np.rint(shares * self.symmetry.n_primitive).astype(int)
        return {number: int(counts[number]) for number in np.unique(self.species).tolist()}

    @property
    def n_bonds(self) -> int:
        """Number of inequivalent bonds."""
        return len(self.distance)


def crystal_graph(structure: Structure) -> CrystalGraph:
    """Return the crystal graph of an ordered structure.

    Equivalent cells and reordered sites give the same graph, up to rounding of the distances; so do
    cells whose atoms are a little off the sites of their space group (see `idealise`).
    Raises IsolatedAtom when an atom has no neighbour within 10 A.
    """
    ideal, symmetry = idealise(structure)
    numbers = np.array([site.specie.Z for site in ideal], dtype=np.int64)
    neighbors = find_neighbors(ideal)
    bonds = bonds_among(neighbors)
    descriptors = describe(numbers, ideal.volume, neighbors, bonds, symmetry)
    volume = ideal.volume / len(ideal)
    return _quotient(numbers, bonds, volume, descriptors, symmetry)


def symbols(graph: CrystalGraph) -> list[str]:
    """Return the chemical symbol of each inequivalent atom."""
    return [Element.from_Z(int(number)).symbol for number in graph.species]


def reduced_formula(graph: CrystalGraph) -> str:
    """Return the reduced chemical formula of the crystal."""
    counts = {Element.from_Z(number): count for number, count in graph.composition.items()}
    return Composition(counts).reduced_formula


def _length_classes(distance: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each bond the rank of its length among the crystal's lengths."""
    order = np.argsort(distance, kind="stable")
    steps = np.diff(distance[order], prepend=distance[order[0]]) > SAME_DISTANCE
    level = np.empty(len(distance), dtype=np.int64)
    level[order] = np.cumsum(steps)
    return level


def _atom_classes(
    numbers: NDArray[np.int64], bonds: Bonds, level: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Return a colour for each atom, the same for atoms with the same surroundings.

    Colour refinement (Weisfeiler and Leman 1968): a colour is made new from the atom's own and its
    bonds' lengths and ends, until no class splits any more. Colours do not depend on the order of
    sites.
    """
    first_bond = np.searchsorted(bonds.center, np.arange(len(numbers)))
    colour = _scramble(numbers.astype(np.uint64))
    rank = _scramble(level.astype(np.uint64) + np.uint64(1 << 32))
    n_classes = len(np.unique(colour))
    while True:
        ends = _scramble(colour[bonds.neighbor] ^ rank)
        colour = _scramble(colour * np.uint64(3) + np.add.reduceat(ends, first_bond))
        n_before, n_classes = n_classes, len(np.unique(colour))
        if n_classes == n_before:
            return colour


def _scramble(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return well-mixed 64-bit hashes (the finaliser of splitmix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _quotient(
    numbers: NDArray[np.int64],
    bonds: Bonds,
    volume: float,
    descriptors: Floats,
    symmetry: Symmetry,
) -> CrystalGraph:
    level = _length_classes(bonds.distance)
    colour = _atom_classes(numbers, bonds, level)
    _, first, atom_class, sizes = np.unique(
        colour, return_index=True, return_inverse=True, return_counts=True
    )
    center, neighbor = atom_class[bonds.center], atom_class[bonds.neighbor]
    key = (center * len(sizes) + neighbor) * (level.max() + 1) + level
    _, start, bond_class, count = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    distance = np.bincount(bond_class, weights=bonds.distance) / count
    degree = np.bincount(center)
    return CrystalGraph(
        species=numbers[first].astype(np.int32),
        atom_share=(sizes / len(numbers)).astype(np.float32),
        center=center[start].astype(np.int32),
        neighbor=neighbor[start].astype(np.int32),
        distance=distance.astype(np.float32),
        bond_weight=(count / degree[center[start]]).astype(np.float32),
        bond_share=(count / len(bonds.center)).astype(np.float32),
        volume=volume,
        descriptors=descriptors,
        symmetry=symmetry,
    )
