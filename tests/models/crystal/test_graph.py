"""Crystal graph and fingerprint: the same for every description of one crystal."""

import dataclasses

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from models.crystal.crystal import Crystal
from models.crystal.graph import CrystalGraph
from models.crystal.neighbors import find_neighbors, within_cutoff
from models.descriptors.describe import describe
from models.errors import IsolatedAtom
from tests.crystals import (
    CAESIUM_CHLORIDE,
    HALF_HEUSLER,
    PEROVSKITE,
    ROCKSALT,
    WURTZITE_TYPE,
    ZINCBLENDE,
    equivalent_cells,
    generated_crystals,
    supercell,
)

CRYSTALS = {
    "rocksalt": ROCKSALT.crystal(["Na", "Cl"], 2.845),
    "half-Heusler": HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57),
    "perovskite": PEROVSKITE.crystal(["Sr", "Ti", "O"], 1.95),
    "wurtzite": WURTZITE_TYPE.crystal(["Zn", "O"], 1.98),
    "distorted": generated_crystals(2, seed=4)[1],
}
CELLS = [
    pytest.param(crystal, cell, id=f"{name}, {change}")
    for name, crystal in CRYSTALS.items()
    for change, cell in equivalent_cells(crystal).items()
]


def bond_table(graph: CrystalGraph) -> np.ndarray:
    """Return the bonds as sorted rows: elements and shares of both ends, length, weights."""
    columns = [
        graph.species[graph.center],
        graph.species[graph.neighbor],
        graph.atom_share[graph.center],
        graph.atom_share[graph.neighbor],
        graph.distance.round(3),
        graph.bond_weight,
        graph.bond_share,
    ]
    table = np.stack(columns, axis=1).astype(float).round(5)
    return table[np.lexsort(table.T[::-1])]


@pytest.mark.parametrize(("crystal", "cell"), CELLS)
def test_equivalent_cells_have_one_graph_and_fingerprint(crystal, cell):
    expected, found = Crystal.of(crystal), Crystal.of(cell)
    assert found.graph.n_atoms == expected.graph.n_atoms
    assert found.graph.n_bonds == expected.graph.n_bonds
    assert bond_table(found.graph) == pytest.approx(bond_table(expected.graph), abs=2e-4)
    assert describe(found) == pytest.approx(describe(expected), abs=2e-4)
    assert found.symmetry == expected.symmetry
    assert found.fingerprint == expected.fingerprint


def test_rocksalt_is_two_atoms_and_two_shells_each():
    graph = Crystal.of(CRYSTALS["rocksalt"]).graph
    assert sorted(graph.species) == [11, 17]
    assert graph.atom_share == pytest.approx([0.5, 0.5])
    # 6 unlike neighbours at a/2; the 12 like ones at a/sqrt(2) = 4.02 A are out of reach.
    assert graph.distance == pytest.approx([2.845, 2.845])
    assert graph.bond_weight == pytest.approx([1, 1])
    assert graph.bond_share == pytest.approx([0.5, 0.5])


def test_bond_weights_count_the_neighbours_of_each_length():
    graph = Crystal.of(
        CAESIUM_CHLORIDE.crystal(["Cs", "Cl"], 3.0)
    ).graph  # 8 unlike, then 6 like ones
    unlike = np.isclose(graph.distance, 3.0)
    assert unlike.sum() == 2
    assert graph.bond_weight[unlike] == pytest.approx([8 / 14] * 2)
    assert graph.distance[~unlike] == pytest.approx([3.0 / 0.75**0.5] * 2)
    assert graph.bond_weight[~unlike] == pytest.approx([6 / 14] * 2)


@pytest.mark.parametrize("crystal", generated_crystals(20, seed=1))
def test_shares_sum_to_one(crystal):
    graph = Crystal.of(crystal).graph
    assert graph.atom_share.sum() == pytest.approx(1)
    assert graph.bond_share.sum() == pytest.approx(1)
    weights = np.bincount(graph.center, weights=graph.bond_weight)
    assert weights == pytest.approx(np.ones(graph.n_atoms))
    assert (np.diff(graph.center) >= 0).all()


@pytest.mark.parametrize("crystal", generated_crystals(20, seed=1))
def test_bonds_are_those_of_pymatgen(crystal):
    bonds = within_cutoff(find_neighbors(crystal))
    neighbours = crystal.get_all_neighbors(4.0)
    assert np.bincount(bonds.center).tolist() == [len(shell) for shell in neighbours]
    lengths = [neighbour.nn_distance for shell in neighbours for neighbour in shell]
    assert np.sort(bonds.distance) == pytest.approx(np.sort(lengths))


def test_different_crystals_have_different_fingerprints():
    crystals = generated_crystals(60, seed=2)
    prints = {Crystal.of(crystal).fingerprint for crystal in crystals}
    assert len(prints) == len(crystals)
    assert all(len(text) == 32 and int(text, 16) >= 0 for text in prints)


@pytest.mark.parametrize(
    "other",
    [
        ROCKSALT.crystal(["K", "Cl"], 2.845),
        ROCKSALT.crystal(["Cl", "Cl"], 2.845),
        ZINCBLENDE.crystal(["Na", "Cl"], 2.845),
        CAESIUM_CHLORIDE.crystal(["Na", "Cl"], 2.845),
        ROCKSALT.crystal(["Na", "Cl"], 2.86),
    ],
    ids=["element", "one element", "zincblende", "caesium chloride", "larger"],
)
def test_each_change_of_a_crystal_changes_its_fingerprint(other):
    crystal = CRYSTALS["rocksalt"]
    before = Crystal.of(crystal).fingerprint
    assert Crystal.of(other).fingerprint != before


def test_elements_that_change_places_change_the_fingerprint():
    half_heusler = HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57)
    exchanged = HALF_HEUSLER.crystal(["Ti", "Ni", "Sn"], 2.57)
    assert Crystal.of(half_heusler).fingerprint != Crystal.of(exchanged).fingerprint


def test_stackings_with_the_same_bonds_have_fingerprints_of_their_own():
    stackings = [kind.crystal(["Cd", "Te"], 2.8) for kind in (ZINCBLENDE, WURTZITE_TYPE)]
    assert len({Crystal.of(crystal).fingerprint for crystal in stackings}) == 2


def test_mirror_images_are_one_crystal():
    lattice = Lattice.hexagonal(4.91, 5.40)
    sites = {"P3_221": (2 / 3, 0.786), "P3_121": (1 / 3, 0.214)}
    left, right = (
        Crystal.of(
            Structure.from_spacegroup(
                group, lattice, ["Si", "O"], [[0.47, 0, z], [0.413, 0.267, height]]
            )
        )
        for group, (z, height) in sites.items()
    )
    assert left.symmetry.number != right.symmetry.number
    assert describe(left) == pytest.approx(describe(right))
    assert left.fingerprint == right.fingerprint


def test_atoms_off_their_sites_do_not_change_the_composition():
    crystal = supercell(
        HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57), [[2, 0, 0], [0, 2, 0], [0, 0, 2]]
    )
    for size in (0.0005, 0.005, 0.3):
        off = np.random.default_rng(1).normal(0, size, (len(crystal), 3))
        crystal_off = Crystal.of(
            Structure(
                crystal.lattice,
                crystal.species,
                crystal.cart_coords + off,
                coords_are_cartesian=True,
            )
        )
        assert crystal_off.formula == "TiNiSn"


def cubic_cell(length: float) -> Structure:
    """Return a simple cubic crystal of xenon; an atom's nearest ones are 6 of its images."""
    return Structure(Lattice.cubic(length), ["Xe"], [[0, 0, 0]])


@pytest.mark.parametrize("length", [4.1, 6.0, 9.99])
def test_an_isolated_atom_gets_its_nearest_shell(length):
    bonds = within_cutoff(find_neighbors(cubic_cell(length)))
    assert bonds.center.tolist() == [0] * 6
    assert bonds.distance == pytest.approx([length] * 6)


def test_only_the_isolated_atom_gets_more_bonds():
    positions = [(0.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.0, 0.0, 0.5)]
    slab = Structure(Lattice.tetragonal(3.5, 11), ["Na", "Cl", "Xe"], positions)
    bonds = within_cutoff(find_neighbors(slab))
    # Na and Cl: 4 unlike and 4 like ones each; xenon: its own 4 images at 3.5 A.
    assert np.bincount(bonds.center).tolist() == [8, 8, 4]


def test_an_isolated_atom_beside_others_sees_them_and_not_the_reverse():
    positions = [(0.0, 0.0, 0.0), (1.2 / 9, 0.0, 0.0), (0.5, 0.5, 0.5)]
    dimer = Structure(Lattice.cubic(9), ["O", "O", "Xe"], positions)
    bonds = within_cutoff(find_neighbors(dimer))
    assert np.bincount(bonds.center, minlength=3).tolist() == [1, 1, 4]
    nearest = np.sqrt(4.5**2 * 2 + 3.3**2)
    assert bonds.distance[bonds.center == 2] == pytest.approx([nearest] * 4)


def test_an_atom_without_neighbours_within_10_angstrom_raises():
    with pytest.raises(IsolatedAtom, match="Site 0 has no neighbor within 10 A"):
        Crystal.of(cubic_cell(10.01))


@pytest.mark.parametrize("rounding", [-2e-6, 0, 2e-6])
def test_a_pair_at_4_angstrom_sharp_is_a_bond_however_its_cell_is_rounded(rounding):
    graph = Crystal.of(Structure(Lattice.cubic(4 + rounding), ["Po"], [[0, 0, 0]])).graph
    assert graph.n_bonds == 1
    assert graph.distance == pytest.approx([4])
    xenon = Crystal.of(cubic_cell(4 + rounding))
    assert xenon.fingerprint == Crystal.of(cubic_cell(4)).fingerprint


def test_a_shell_at_4_angstrom_is_whole_in_every_cell():
    crystal = ROCKSALT.crystal(["Mg", "O"], 4 / np.sqrt(2))  # 12 like neighbours at 4 A
    for cell in (crystal, *equivalent_cells(crystal).values()):
        assert set(np.bincount(within_cutoff(find_neighbors(cell)).center)) == {18}


def test_a_graph_cannot_be_changed():
    graph = Crystal.of(CRYSTALS["rocksalt"]).graph
    with pytest.raises(dataclasses.FrozenInstanceError):
        graph.species = graph.species  # type: ignore[misc]
