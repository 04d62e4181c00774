"""Neighbors: those that pymatgen finds, and those of isolated atoms."""

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from models.crystal.cell import cell_of
from models.crystal.crystal import Crystal
from models.crystal.graph import FADING, MEGNET, CrystalGraph
from models.crystal.neighbors import find_neighbors
from models.crystal.symmetry import idealise
from models.errors import IsolatedAtom
from tests.crystals import generated_crystals, structure_of

XENON = 54


@pytest.mark.parametrize("crystal", generated_crystals(12, seed=1))
def test_neighbors_are_those_of_pymatgen(crystal):
    ideal = idealise(cell_of(crystal))
    found = find_neighbors(ideal)
    expected = structure_of(ideal.cell).get_all_neighbors(6.0)
    for number, site in enumerate(found.site.tolist()):
        mine = found.center == number
        lengths = sorted(neighbor.nn_distance for neighbor in expected[site])
        assert np.sort(found.distance[mine]) == pytest.approx(np.array(lengths))
        kinds = np.bincount([neighbor.specie.Z for neighbor in expected[site]], minlength=95)
        here = np.bincount(found.number[found.neighbor[mine]], minlength=95)
        assert here.tolist() == kinds.tolist()


@pytest.mark.parametrize("crystal", generated_crystals(6, seed=7))
def test_directions_are_unit_vectors_that_are_summed_by_site(crystal):
    found = Crystal.of(crystal).neighbors
    assert np.linalg.norm(found.direction, axis=1) == pytest.approx(np.ones(len(found.center)))
    counts = found.total(np.ones(len(found.center)))
    assert counts.tolist() == np.bincount(found.center).tolist()
    assert found.share.sum() == pytest.approx(1)
    assert ((found.weight >= 0) & (found.weight <= 1)).all()


def test_the_nearest_distance_is_soft_where_one_is_not_nearest_alone():
    near = Crystal.of(Structure(Lattice.tetragonal(3.0, 3.0), ["Po"], [[0, 0, 0]])).neighbors
    apart = Crystal.of(Structure(Lattice.tetragonal(3.0, 3.6), ["Po"], [[0, 0, 0]])).neighbors
    assert near.nearest == pytest.approx([3.0], abs=1e-3)
    assert apart.nearest == pytest.approx([3.0], abs=0.01)
    lengths = np.arange(2.6, 3.4, 0.01)
    cells = [Structure(Lattice.tetragonal(3.0, c), ["Po"], [[0, 0, 0]]) for c in lengths]
    scan = [Crystal.of(cell).neighbors.nearest[0] for cell in cells]
    assert np.abs(np.diff(scan)).max() < 0.015  # the step of the lattice constant is 0.01 A


def xenon(length: float) -> Structure:
    """Return a simple cubic crystal of xenon; an atom's nearest ones are 6 of its images."""
    return Structure(Lattice.cubic(length), ["Xe"], [[0, 0, 0]])


@pytest.mark.parametrize("length", [4.1, 6.0, 9.99])
def test_an_isolated_atom_gets_its_nearest_shell(length):
    crystal = Crystal.of(xenon(length))
    for cutoff in (MEGNET, FADING):
        graph = crystal.graph_within(cutoff)
        assert graph.distance == pytest.approx([length], rel=1e-3)
        assert graph.bond_weight == pytest.approx([1])


def test_the_graph_around_an_isolated_atom_grows_without_a_step():
    lengths = np.arange(3.9, 4.1, 0.004)
    scan = np.array([Crystal.of(xenon(length)).fading_graph.distance[0] for length in lengths])
    assert np.diff(scan) == pytest.approx(np.full(len(scan) - 1, 0.004), abs=2e-4)


def lengths_of(graph: CrystalGraph, number: int) -> np.ndarray:
    """Return the lengths of the bonds of an element."""
    lengths: np.ndarray = np.sort(graph.distance[graph.species[graph.center] == number])
    return lengths


def test_only_the_isolated_atom_gets_longer_bonds():
    positions = [(0.0, 0.0, 0.0), (1.2 / 9, 0.0, 0.0), (0.5, 0.5, 0.5)]
    graph = Crystal.of(Structure(Lattice.cubic(9), ["O", "O", "Xe"], positions)).graph
    assert lengths_of(graph, 8) == pytest.approx(1.2)
    nearest = np.sqrt(4.5**2 + 3.3**2 + 4.5**2)
    assert lengths_of(graph, XENON).min() == pytest.approx(nearest, abs=1e-3)
    assert np.isin(graph.neighbor[graph.species[graph.center] == 8], [0, 1]).all()


def test_an_atom_without_neighbors_within_10_angstrom_raises():
    with pytest.raises(IsolatedAtom, match="An atom has no neighbor within 10 A"):
        Crystal.of(xenon(10.01))


def test_pairs_past_the_fade_are_left_out_beside_an_isolated_atom():
    slab = [(x, y, 0.0) for x in (0.0, 0.5) for y in (0.0, 0.5)]
    cell = Structure(Lattice.tetragonal(5, 18), ["Cu"] * 4 + ["Xe"], [*slab, (0.25, 0.25, 0.5)])
    found = Crystal.of(cell).neighbors
    copper = found.number[found.center] != XENON
    assert found.distance[~copper].min() > 4
    assert found.distance[copper].max() < 6
    assert (found.weight > 0).all()
