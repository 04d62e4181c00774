"""Crystal graphs of inequivalent atoms and the bonds between them.

MEGNet represents a crystal by atoms, and bonds between all pairs closer than a cutoff. Equivalent
atoms have equal features in every layer, so that one of them with a weight stands for all: means,
and the attention sums of set2set, become weighted ones. Bonds may fade out: their weights fall
smoothly to zero, so that nothing jumps when a shell crosses the cutoff.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.crystal.compiled.bonds import join_alike
from models.crystal.neighbors import Neighbors
from models.smooth import fade

SLACK = 1e-5  # A; a pair at a sharp cutoff is a bond however its cell was rounded
SAME_DISTANCE = 1e-4  # A; bonds that differ by less are of one length
LONG = 4.0  # A; around an atom whose nearest neighbor is farther, the cutoff grows with it

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Cutoff:
    """Bonds count fully up to `start` and not at all from `end`, in A."""

    start: float
    end: float


MEGNET = Cutoff(4.0, 4.0)
FADING = Cutoff(3.5, 4.5)


@dataclass(frozen=True)
class CrystalGraph:
    """The inequivalent atoms of a crystal and the bonds from them, sorted by `center`.

    `species` [n_atoms]: atomic number. `atom_share` [n_atoms]: fraction of the crystal's atoms that
    this one stands for. `center`, `neighbor` [n_bonds]: the atoms joined. `distance` [n_bonds]: A.
    `bond_weight` [n_bonds]: share of the center's bonds, `bond_share` [n_bonds]: share of the
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


def crystal_graph(neighbors: Neighbors, cutoff: Cutoff) -> CrystalGraph:
    """Return the graph of a crystal with the bonds up to a cutoff."""
    center, neighbor, distance, total = join_alike(
        neighbors.center,
        neighbors.neighbor,
        neighbors.distance,
        bond_weights(neighbors, cutoff),
        len(neighbors.site),
        SAME_DISTANCE,
    )
    of_atom = np.bincount(center, total)
    share = neighbors.share[center] * total
    return CrystalGraph(
        species=neighbors.number.astype(np.int32),
        atom_share=neighbors.share.astype(np.float32),
        center=center.astype(np.int32),
        neighbor=neighbor.astype(np.int32),
        distance=distance.astype(np.float32),
        bond_weight=(total / of_atom[center]).astype(np.float32),
        bond_share=(share / share.sum()).astype(np.float32),
    )


def bond_weights(neighbors: Neighbors, cutoff: Cutoff) -> NDArray[np.float64]:
    """Return how much each pair [n_pairs] counts as a bond.

    Around an atom without near neighbors all lengths scale with the nearest distance: without this
    the network would not see the distances around such an atom at all.
    """
    scale = np.maximum(1.0, neighbors.nearest / LONG)[neighbors.center]
    distance = neighbors.distance / scale
    if cutoff.start == cutoff.end:
        return (distance <= cutoff.end + SLACK).astype(np.float64)
    return fade(distance, cutoff.start, cutoff.end)
