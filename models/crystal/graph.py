"""Crystal graph, with equivalent atoms and bonds counted once.

MEGNet represents a crystal by atoms, and bonds between all pairs closer than a cutoff. Atoms with
equal surroundings have equal features in every layer, so that one of them with a weight stands for
all: means, and the attention sums of set2set, become weighted ones. The result does not depend on
the cell, and the AFLOW crystals have an eighth of the bonds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.crystal.neighbors import SAME_DISTANCE, Neighbors

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class CrystalGraph:
    """The inequivalent atoms of a crystal and the bonds from them, sorted by `center`.

    `species` [n_atoms]: atomic number. `atom_share` [n_atoms]: fraction of the crystal's atoms that
    this one stands for. `center`, `neighbor` [n_bonds]: the atoms joined. `distance` [n_bonds]: A.
    `bond_weight` [n_bonds]: fraction of the center's bonds, `bond_share` [n_bonds]: fraction of the
    crystal's bonds.
    """

    species: Ints
    atom_share: Floats
    center: Ints
    neighbor: Ints
    distance: Floats
    bond_weight: Floats
    bond_share: Floats

    @property
    def n_atoms(self) -> int:
        """Number of inequivalent atoms."""
        return len(self.species)

    @property
    def n_bonds(self) -> int:
        """Number of inequivalent bonds."""
        return len(self.distance)


def crystal_graph(numbers: NDArray[np.int64], bonds: Neighbors) -> CrystalGraph:
    """Return the crystal graph of sites with atomic numbers [n_sites] and the bonds of all sites.

    Equivalent cells and reordered sites give the same graph, up to rounding of the distances.
    """
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
    )


def _length_classes(distance: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each bond the rank of its length among the crystal's lengths."""
    order = np.argsort(distance, kind="stable")
    steps = np.diff(distance[order], prepend=distance[order[0]]) > SAME_DISTANCE
    level = np.empty(len(distance), dtype=np.int64)
    level[order] = np.cumsum(steps)
    return level


def _atom_classes(
    numbers: NDArray[np.int64], bonds: Neighbors, level: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """Return a colour for each atom, the same for atoms with the same surroundings.

    Colour refinement (Weisfeiler and Leman 1968): a colour is updated from the atom's own and the
    lengths and ends of its bonds until no class splits. Colours do not depend on the order of
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
