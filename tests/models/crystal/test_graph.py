"""Crystal graphs: the same for every description of a crystal, sharp or fading bonds."""

import dataclasses

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from models.crystal.crystal import Crystal
from models.crystal.graph import FADING, MEGNET, CrystalGraph
from models.descriptors.describe import describe
from models.smooth import fade
from tests.crystals import (
    CAESIUM_CHLORIDE,
    HALF_HEUSLER,
    PEROVSKITE,
    ROCKSALT,
    WURTZITE_TYPE,
    equivalent_cells,
    generated_crystals,
)

CRYSTALS = {
    "rocksalt": ROCKSALT.crystal(["Na", "Cl"], 2.845),
    "half-Heusler": HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57),
    "perovskite": PEROVSKITE.crystal(["Sr", "Ti", "O"], 1.95),
    "wurtzite": WURTZITE_TYPE.crystal(["Zn", "O"], 1.98),
    "distorted": generated_crystals(2, seed=4)[1],  # operations that count in part
}
CELLS = [
    pytest.param(crystal, cell, id=f"{name}, {change}")
    for name, crystal in CRYSTALS.items()
    for change, cell in equivalent_cells(crystal).items()
]
CUTOFFS = pytest.mark.parametrize("cutoff", [MEGNET, FADING], ids=["sharp", "fading"])


def distribution(graph: CrystalGraph) -> dict[tuple[int, int], np.ndarray]:
    """Return distributions of bond lengths by elements, weighted by bonds of atoms and by shares.

    Gaussians in place of sorted lengths: two lengths that are close have no order.
    """
    basis = np.exp(-(((graph.distance[:, None] - np.arange(0, 5, 0.1)) / 0.1) ** 2))
    weights = np.stack([graph.bond_weight * graph.atom_share[graph.center], graph.bond_share])
    first, second = graph.species[graph.center], graph.species[graph.neighbor]
    return {
        (one, other): (weights * (first == one) * (second == other)) @ basis
        for one in set(first.tolist())
        for other in set(second.tolist())
    }


def cubic(length: float) -> Structure:
    """Return a simple cubic crystal of polonium: shells at 1, 1.41, 1.73 times `length` in A."""
    return Structure(Lattice.cubic(length), ["Po"], [[0, 0, 0]])


@pytest.mark.parametrize(("crystal", "cell"), CELLS)
def test_equivalent_cells_have_one_graph_and_fingerprint(crystal, cell):
    expected, found = Crystal.of(crystal), Crystal.of(cell)
    for cutoff in (MEGNET, FADING):
        one, other = expected.graph_within(cutoff), found.graph_within(cutoff)
        assert other.n_atoms == one.n_atoms
        assert other.n_bonds == one.n_bonds
        assert np.sort(other.atom_share) == pytest.approx(np.sort(one.atom_share))
        known = distribution(one)
        for elements, found_lengths in distribution(other).items():
            assert found_lengths == pytest.approx(known[elements], abs=1e-4)
    assert describe(found) == pytest.approx(describe(expected), abs=1e-3)
    assert found.symmetry.operations == pytest.approx(expected.symmetry.operations)
    assert found.symmetry.n_primitive == pytest.approx(expected.symmetry.n_primitive)
    assert found.fingerprint == expected.fingerprint


def test_rocksalt_is_two_atoms_and_one_shell_each():
    graph = Crystal.of(CRYSTALS["rocksalt"]).graph
    assert sorted(graph.species) == [11, 17]
    assert graph.atom_share == pytest.approx([0.5, 0.5])
    # 6 unlike neighbors at a/2; the 12 like ones at a/sqrt(2) = 4.02 A are out of reach.
    assert graph.distance == pytest.approx([2.845, 2.845])
    assert graph.bond_weight == pytest.approx([1, 1])
    assert graph.bond_share == pytest.approx([0.5, 0.5])


def test_bond_weights_count_the_neighbors_of_each_length():
    graph = Crystal.of(CAESIUM_CHLORIDE.crystal(["Cs", "Cl"], 3.0)).graph
    unlike = np.isclose(graph.distance, 3.0)  # 8 of them, then 6 like ones
    assert unlike.sum() == 2
    assert graph.bond_weight[unlike] == pytest.approx([8 / 14] * 2)
    assert graph.distance[~unlike] == pytest.approx([3.0 / 0.75**0.5] * 2)
    assert graph.bond_weight[~unlike] == pytest.approx([6 / 14] * 2)


@CUTOFFS
@pytest.mark.parametrize("crystal", generated_crystals(12, seed=1))
def test_shares_sum_to_one(crystal, cutoff):
    graph = Crystal.of(crystal).graph_within(cutoff)
    assert graph.atom_share.sum() == pytest.approx(1)
    assert graph.bond_share.sum() == pytest.approx(1)
    weights = np.bincount(graph.center, weights=graph.bond_weight)
    assert weights == pytest.approx(np.ones(graph.n_atoms))
    assert (np.diff(graph.center) >= 0).all()
    assert graph.distance.max() <= cutoff.end + 1e-5


def second_shell(graph: CrystalGraph, length: float) -> float:
    """Return the weight of the 12 second neighbors in a cubic crystal."""
    return float(graph.bond_weight[np.isclose(graph.distance, length * 2**0.5)].sum())


def test_a_shell_that_crosses_the_cutoff_fades_out_and_megnets_drops_out():
    lengths = np.arange(2.4, 3.3, 0.006)  # the second shell goes from 3.4 to 4.7 A
    crystals = [(Crystal.of(cubic(length)), length) for length in lengths]
    fading = np.array([second_shell(crystal.fading_graph, length) for crystal, length in crystals])
    sharp = np.array([second_shell(crystal.graph, length) for crystal, length in crystals])
    third = 8 * fade(np.array(2.4 * 3**0.5), FADING.start, FADING.end)
    assert fading[0] == pytest.approx(12 / (18 + third), abs=1e-4)
    assert fading[-1] == 0
    assert np.abs(np.diff(fading)).max() < 0.03
    assert np.abs(np.diff(sharp)).max() == pytest.approx(12 / 18)
    assert (sharp[lengths * 2**0.5 > 4.0001] == 0).all()


def test_bonds_shorter_than_the_fade_are_megnets():
    crystal = Crystal.of(ROCKSALT.crystal(["Li", "F"], 2.01))  # 6 at 2.01, 12 at 2.84, 8 at 3.48 A
    sharp, fading = (
        graph.distance[graph.distance < 3.5] for graph in (crystal.graph, crystal.fading_graph)
    )
    assert np.sort(fading) == pytest.approx(np.sort(sharp))
    weights = [
        graph.bond_weight[np.isclose(graph.distance, 2.01)]
        for graph in (crystal.graph, crystal.fading_graph)
    ]
    fourth = 6 * fade(np.array(4.02), FADING.start, FADING.end)
    assert weights[0] == pytest.approx(6 / 26)
    assert weights[1] == pytest.approx(6 / (26 + fourth), rel=1e-4)


@pytest.mark.parametrize("rounding", [-2e-6, 0, 2e-6])
def test_a_pair_at_4_angstrom_sharp_is_a_bond_however_its_cell_is_rounded(rounding):
    graph = Crystal.of(cubic(4 + rounding)).graph
    assert graph.n_bonds == 1
    assert graph.distance == pytest.approx([4])
    assert Crystal.of(cubic(4 + rounding)).fingerprint == Crystal.of(cubic(4)).fingerprint


def test_a_shell_at_4_angstrom_is_whole_in_every_cell():
    crystal = ROCKSALT.crystal(["Mg", "O"], 4 / np.sqrt(2))
    for cell in (crystal, *equivalent_cells(crystal).values()):
        weights = np.sort(Crystal.of(cell).graph.bond_weight)
        assert weights == pytest.approx([6 / 18, 6 / 18, 12 / 18, 12 / 18])  # 12 at 4 A


def test_a_graph_cannot_be_changed():
    graph = Crystal.of(CRYSTALS["rocksalt"]).graph
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.species = graph.species  # type: ignore[misc]
