"""Batches: crystal graphs joined into one input of the network."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.crystal.graph import CrystalGraph, Floats, Ints

MAX_BONDS = 3_000  # inequivalent bonds in one forward pass; more would not fit the caches
MAX_CRYSTALS = 64  # in one forward pass: each has a covariance with all known crystals


class NetworkInput(NamedTuple):
    """A crystal as the network takes it: its graph, and descriptors [n_descriptors], maybe none."""

    graph: CrystalGraph
    descriptors: Floats

    @property
    def n_bonds(self) -> int:
        """Number of inequivalent bonds."""
        return self.graph.n_bonds


NO_DESCRIPTORS: Floats = np.empty(0, dtype=np.float32)


class CrystalBatch(NamedTuple):
    """Crystal graphs joined: atoms and bonds of all crystals, in order.

    The fields of `CrystalGraph`, with `center` and `neighbor` counted through the batch, and
    `atom_crystal` [n_atoms], `bond_crystal` [n_bonds]: the crystal each belongs to (ascending).
    `descriptors` [n_crystals, n_descriptors].
    """

    species: Ints
    atom_share: Floats
    atom_crystal: Ints
    center: Ints
    neighbor: Ints
    distance: Floats
    bond_weight: Floats
    bond_share: Floats
    bond_crystal: Ints
    descriptors: Floats


def join_graphs(inputs: Sequence[NetworkInput]) -> CrystalBatch:
    """Return the crystals, at least one, as one batch."""
    graphs = [each.graph for each in inputs]
    n_atoms = np.array([graph.n_atoms for graph in graphs])
    n_bonds = np.array([graph.n_bonds for graph in graphs])
    crystals = np.arange(len(graphs), dtype=np.int32)
    first_atom = np.repeat(np.cumsum(n_atoms) - n_atoms, n_bonds).astype(np.int32)
    return CrystalBatch(
        species=np.concatenate([graph.species for graph in graphs]),
        atom_share=np.concatenate([graph.atom_share for graph in graphs]),
        atom_crystal=np.repeat(crystals, n_atoms),
        center=np.concatenate([graph.center for graph in graphs]) + first_atom,
        neighbor=np.concatenate([graph.neighbor for graph in graphs]) + first_atom,
        distance=np.concatenate([graph.distance for graph in graphs]),
        bond_weight=np.concatenate([graph.bond_weight for graph in graphs]),
        bond_share=np.concatenate([graph.bond_share for graph in graphs]),
        bond_crystal=np.repeat(crystals, n_bonds),
        descriptors=np.stack([each.descriptors for each in inputs]),
    )
