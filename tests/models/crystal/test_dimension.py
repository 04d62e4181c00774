"""Dimension of the bonded network, and the gap between layers."""

import re

import numpy as np
import pytest
from numpy.typing import ArrayLike
from pymatgen.core import Lattice, Structure

from models.crystal.cell import cell_of, reduced
from models.crystal.crystal import Crystal
from models.crystal.dimension import bonded_network
from models.prediction.warnings import find_warnings
from tests.crystals import (
    CAESIUM_CHLORIDE,
    FACE_CENTRED,
    HALF_HEUSLER,
    ROCKSALT,
    generated_crystals,
)


def boron_nitride(height: float) -> Structure:
    """Two layers of hexagonal boron nitride in a cell of this height in A."""
    places = [[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0], [2 / 3, 1 / 3, 0.5], [1 / 3, 2 / 3, 0.5]]
    return Structure(Lattice.hexagonal(2.50, height), ["B", "N"] * 2, places)


def monolayer(height: float) -> Structure:
    """MoS2 of one layer, 3.13 A thick, in a cell of this height in A."""
    half = 1.565 / height
    places = [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.5 + half], [2 / 3, 1 / 3, 0.5 - half]]
    return Structure(Lattice.hexagonal(3.16, height), ["Mo", "S", "S"], places)


TRIGONAL_SELENIUM = Structure.from_spacegroup(
    "P3_121", Lattice.hexagonal(4.366, 4.954), ["Se"], [[0.225, 0, 1 / 3]]
)
CARBON_DIOXIDE = Structure.from_spacegroup(
    "Pa-3", Lattice.cubic(5.62), ["C", "O"], [[0, 0, 0], [0.118, 0.118, 0.118]]
)


@pytest.mark.parametrize(
    ("structure", "dimension"),
    [
        (ROCKSALT.crystal(["Na", "Cl"], 2.82), 3),
        (HALF_HEUSLER.crystal(["Ti", "Ni", "Sn"], 2.57), 3),
        (boron_nitride(6.66), 2),
        (TRIGONAL_SELENIUM, 1),
        (CARBON_DIOXIDE, 0),
    ],
)
def test_the_dimension(structure, dimension):
    assert bonded_network(cell_of(structure)).dimension == dimension


@pytest.mark.parametrize("crystal", [boron_nitride(6.66), TRIGONAL_SELENIUM, CARBON_DIOXIDE])
def test_supercells_and_other_axes_have_the_same_network(crystal):
    expected = bonded_network(cell_of(crystal))
    other = crystal.copy()
    other.make_supercell([[1, 1, 0], [0, 1, 1], [1, 0, 2]])
    found = bonded_network(cell_of(other))
    assert found.dimension == expected.dimension
    assert found.gap == pytest.approx(expected.gap, abs=1e-6)


@pytest.mark.parametrize("metal", ["K", "Tl"])
def test_a_salt_of_thallium_is_bonded_as_that_of_potassium(metal):
    """K2SiF6 and Tl2SiF6: octahedra among large cations."""
    octahedron = 1.68 * np.array([*np.eye(3), *-np.eye(3)])
    places = np.array([[2.1] * 3, [-2.1] * 3, [0] * 3, *octahedron])
    symbols = [metal, metal, "Si", *["F"] * 6]
    salt = Structure(8.4 * np.array(FACE_CENTRED), symbols, places, coords_are_cartesian=True)
    assert bonded_network(cell_of(salt)).dimension == 3


def test_thallium_is_not_bonded_to_thallium_for_that():
    places = [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75], [0.0, 0.0, 0.0]]
    sulfide = Structure(Lattice.hexagonal(4.0, 6.6), ["Tl", "Tl", "S"], places)
    assert bonded_network(cell_of(sulfide)).dimension == 2


def test_the_gap_is_that_between_layers():
    assert bonded_network(cell_of(boron_nitride(6.66))).gap == pytest.approx(3.33)
    assert bonded_network(cell_of(monolayer(20.0))).gap == pytest.approx(20.0 - 3.13)
    assert bonded_network(cell_of(ROCKSALT.crystal(["Na", "Cl"], 2.82))).gap == 0


def test_a_dimension_is_found_for_any_crystal():
    for structure in generated_crystals(20, seed=3):
        network = bonded_network(cell_of(structure))
        assert network.dimension in range(4)
        assert np.isfinite(network.gap)


def thinned(crystal: Structure, cells: tuple[int, int, int], vacuum: float) -> Structure:
    """So many cells of a cubic crystal, with A of vacuum along each axis that has several."""
    cut = crystal * cells
    empty = np.where(np.array(cells) > 1, vacuum, 0.0)
    box = Lattice(cut.lattice.matrix + np.diag(empty))
    return Structure(box, cut.species, cut.cart_coords, coords_are_cartesian=True)


def in_box(symbols: list[str], places: ArrayLike, edges: tuple[float, ...]) -> Structure:
    """Atoms at these places in A, in a box."""
    return Structure(Lattice(np.diag(edges)), symbols, places, coords_are_cartesian=True)


UNBONDED = Structure(Lattice.cubic(3.98), ["Tl", "Br"], [[0.0] * 3, [0.5] * 3])
SALT = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0] * 3, [0.5] * 3])
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0] * 3])
WATER = np.array([[0, 0, 0], [0.76, 0.59, 0], [-0.76, 0.59, 0]])
SLABS = [
    thinned(UNBONDED, (1, 1, 3), 15),
    thinned(CARBON_DIOXIDE, (1, 1, 2), 15),
    thinned(SILICON, (1, 1, 2), 15),
]
BOXES = [
    in_box(["O", "H", "H"], WATER, (15, 15, 15)),
    in_box(["N", "N"], [[0.0] * 3, [0, 0, 1.1]], (20, 20, 20)),
    in_box(["Ar", "Ar"], [[0.0] * 3, [0, 0, 3.8]], (12, 12, 12)),
    in_box([site.specie.symbol for site in SALT], SALT.cart_coords, (20, 20, 20)),
    in_box(["Si"] * 8, SILICON.cart_coords, (20, 20, 20)),
    in_box(["C"], [[0, 0, 0]], (1.28, 15, 15)),
    thinned(UNBONDED, (1, 3, 3), 15),
]


@pytest.mark.parametrize(
    ("structure", "directions", "gap"),
    [
        (SLABS[0], 1, 15 + 1.99),
        (SLABS[1], 1, 15 + 5.62 * 0.118),
        (SLABS[2], 1, 15 + 5.43 / 4),
        (BOXES[0], 3, 15),
        (BOXES[1], 3, 20),
        (BOXES[4], 3, 20 - 5.43 * 0.75),
        (BOXES[5], 2, 15),
        (BOXES[6], 2, 15 + 1.99),
        (monolayer(20.0), 1, 20.0 - 3.13),
        (boron_nitride(6.66), 0, 3.33),
        (CARBON_DIOXIDE, 0, 0),
        (UNBONDED, 0, 0),
    ],
)
def test_vacuum_is_found_whatever_the_dimension(structure, directions, gap):
    for crystal in (structure, structure * (2, 1, 1)):
        network = bonded_network(reduced(cell_of(crystal)))
        assert network.n_open == directions
        assert network.gap == pytest.approx(gap, abs=1e-6)


@pytest.mark.parametrize("structure", SLABS)
def test_a_slab_is_warned_of_whatever_it_is_of(structure):
    (warning,) = find_warnings(Crystal.of(structure), 5.0, None)
    assert re.match(r"A slab with 1[5-7]\.\d A of vacuum", warning)


@pytest.mark.parametrize("structure", BOXES)
def test_molecules_clusters_and_chains_in_a_box_are_warned_of(structure):
    found = find_warnings(Crystal.of(structure), 5.0, None)
    (warning,) = [text for text in found if "metal" not in text and "gases" not in text]
    assert warning.startswith("Mostly vacuum: ")


@pytest.mark.parametrize(
    ("structure", "words"),
    [
        (boron_nitride(6.66), "Layered"),
        (monolayer(20.0), "slab with 16.9 A of vacuum"),
        (TRIGONAL_SELENIUM, "chains"),
        (CARBON_DIOXIDE, "molecular crystal"),
    ],
)
def test_what_is_no_framework_is_warned_of(structure, words):
    (warning,) = find_warnings(Crystal.of(structure), 5.0, None)
    assert words in warning


def test_a_framework_is_not_warned_of():
    assert find_warnings(Crystal.of(ROCKSALT.crystal(["Na", "Cl"], 2.82)), 5.0, None) == ()


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        (ROCKSALT.crystal(["Na", "Cl"], 5.33), "angstrom"),  # lengths in bohr
        (CAESIUM_CHLORIDE.crystal(["Tl", "I"], 3.64), None),  # long bonds, and no molecules
        (Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.31), ["Ar"], [[0] * 3]), "molecular"),
        (CARBON_DIOXIDE, "molecular"),
    ],
)
def test_atoms_apart_are_molecules_or_lengths_in_another_unit(structure, expected):
    found = find_warnings(Crystal.of(structure), 5.0, None)
    named = [word for word in ("angstrom", "molecular") if any(word in text for text in found)]
    assert named == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("symbols", "edge", "is_gas"),
    [
        (["Ar"] * 4, 5.31, True),
        (["Ar"] * 4, 3.9, True),  # under pressure
        (["Ar", "Ar", "Xe", "Xe"], 5.6, True),
        (["Na", "Na", "Ar", "Ar"], 5.31, False),
    ],
)
def test_crystals_of_noble_gases_only_are_told_to_be_gases(symbols, edge, is_gas):
    places = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    found = find_warnings(Crystal.of(Structure(Lattice.cubic(edge), symbols, places)), 5.0, None)
    assert any("gases at 300 K" in text for text in found) == is_gas
