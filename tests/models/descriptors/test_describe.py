"""Descriptors: finite for every element, and right where they can be worked out by hand."""

import numpy as np
import pytest
from pymatgen.core import Structure

from models.crystal.crystal import Crystal
from models.descriptors.describe import NAMES, describe
from models.descriptors.elements import PROPERTIES, element_properties, element_property
from tests.crystals import (
    FLUORITE,
    HALF_HEUSLER,
    PEROVSKITE,
    ROCKSALT,
    ZINCBLENDE,
    equivalent_cells,
    generated_crystals,
)


def described(structure: Structure) -> dict[str, float]:
    """Return the descriptors of a crystal by name."""
    return dict(zip(NAMES, describe(Crystal.of(structure)).tolist(), strict=True))


@pytest.fixture(scope="module")
def salt() -> dict[str, float]:
    """The descriptors of NaCl, 2.82 A between neighbours."""
    return described(ROCKSALT.crystal(["Na", "Cl"], 2.82))


def test_every_element_has_every_property():
    assert element_properties().shape == (95, len(PROPERTIES))
    assert np.isfinite(element_properties()[1:]).all()


def test_generated_crystals_have_finite_descriptors():
    for crystal in generated_crystals(20, seed=8):
        assert np.isfinite(describe(Crystal.of(crystal))).all()


def test_valence_electrons_are_those_that_bond():
    valence = element_property("valence")
    for symbol_number, expected in ((11, 1), (17, 7), (22, 4), (28, 10), (30, 12), (32, 4)):
        assert valence[symbol_number] == expected  # Na, Cl, Ti, Ni, Zn, Ge


def test_rocksalt_by_hand(salt):
    negativity = 3.16 - 0.93
    assert salt["coordination_min"] == salt["coordination_max"] == 6
    assert salt["n_elements"] == 2
    assert salt["cubic"] == 1
    assert salt["like_neighbors"] == 0
    assert salt["nearest_mean"] == pytest.approx(2.82)
    assert salt["log_volume_per_atom"] == pytest.approx(np.log10(2.82**3))
    assert salt["polarity_mean"] == pytest.approx(negativity)
    assert salt["ionicity_mean"] == pytest.approx(1 - np.exp(-(negativity**2) / 4))
    assert salt["log_density"] == pytest.approx(np.log10((22.990 + 35.453) / 2 / 2.82**3), abs=1e-3)


def test_stiffness_by_hand(salt):
    spring = 1.67 * (0.93 * 3.16 / 2.82**2) ** 0.75  # Gordy's rule
    reduced = 22.990 * 35.453 / (22.990 + 35.453)
    assert salt["log_spring_mean"] == pytest.approx(np.log10(spring), abs=1e-3)
    assert salt["log_site_spring_max"] == pytest.approx(np.log10(6 * spring), abs=1e-3)
    assert salt["log_bond_frequency_mean"] == pytest.approx(
        0.5 * np.log10(spring / reduced), abs=1e-3
    )


def test_a_half_heusler_has_unlike_shells():
    known = described(HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57))
    assert known["n_elements"] == 3
    assert known["shell_spread_max"] > known["shell_spread_mean"] >= 0


@pytest.mark.parametrize("crystal", generated_crystals(6, seed=12))
def test_equivalent_cells_have_the_same_descriptors(crystal):
    known = describe(Crystal.of(crystal))
    for cell in equivalent_cells(crystal).values():
        assert describe(Crystal.of(cell)) == pytest.approx(known, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("symbols", "odd", "distance"),
    [
        (["Ni", "Ti", "Sn"], 0, 0),  # 10 + 4 + 4 valence electrons
        (["Ni", "Ti", "Sb"], 1, 1),
        (["Li", "Mg", "P"], 0, 0),  # 1 + 2 + 5
        (["Co", "Ti", "Sn"], 1, 1),  # 9 + 4 + 4
    ],
)
def test_a_half_heusler_is_closed_or_some_electrons_from_it(symbols, odd, distance):
    known = described(HALF_HEUSLER.crystal(symbols, 2.5))
    assert (known["odd_electrons"], known["shell_distance"]) == (odd, distance)


def test_charges_balance_or_do_not():
    assert described(ROCKSALT.crystal(["Na", "Cl"], 2.82))["charge_imbalance"] == 0
    assert described(FLUORITE.crystal(["Ca", "F"], 2.4))["charge_imbalance"] == 0
    assert described(FLUORITE.crystal(["Na", "F"], 2.4))["charge_imbalance"] == pytest.approx(1 / 3)
    assert described(ZINCBLENDE.crystal(["Ge", "Ge"], 2.45))["charge_imbalance"] == 0


def test_families_and_nonmetals_are_shares_of_the_atoms():
    perovskite = described(PEROVSKITE.crystal(["Cs", "Pb", "Br"], 2.9))
    assert perovskite["alkali_share"] == pytest.approx(1 / 5)
    assert perovskite["lone_pair_share"] == pytest.approx(1 / 5)
    assert perovskite["halogen_share"] == perovskite["nonmetal_share"] == pytest.approx(3 / 5)
    assert perovskite["has_nonmetal"] == 1
    # one more electron than the octets of three bromine atoms hold would be an excess: 1 + 4 + 21
    assert perovskite["excess_electrons"] == pytest.approx((1 + 4 + 3 * 7 - 3 * 8) / 5)


def test_the_bonds_of_a_symmetric_site_cancel_and_a_shorter_bond_takes_more_valence(salt):
    shorter = described(ROCKSALT.crystal(["Na", "Cl"], 2.6))
    assert salt["one_sided_max"] == pytest.approx(0, abs=1e-6)
    assert shorter["log_valence_mean"] > salt["log_valence_mean"]


def test_four_bonds_count_as_little_more_than_four_with_the_weak_ones():
    germanium = described(ZINCBLENDE.crystal(["Ge", "Ge"], 2.45))
    assert 1 / 5 < germanium["concentration_min"] == germanium["concentration_max"] < 1 / 4


def test_a_cube_is_as_stiff_in_all_directions_and_layers_are_not(salt):
    for name in ("log_site_anisotropy_min", "log_crystal_anisotropy"):
        assert salt[name] == pytest.approx(0, abs=1e-4)
    slab = Structure(np.diag([3.0, 3.0, 9.0]), ["Na", "Cl"], np.array([[0, 0, 0], [0.5, 0.5, 0.1]]))
    assert described(slab)["log_crystal_anisotropy"] < -0.5


def test_springs_by_hand():
    """One atom in a cube, 3 A wide: springs to 6, 12 and 8 atoms, falling off with the length."""
    known = described(Structure(np.eye(3) * 3.0, ["Po"], [[0, 0, 0]]))
    lengths = np.array([1, 2**0.5, 3**0.5, 2])
    n_bonds, mass = np.array([6, 12, 8, 6]), 210.0
    spring = 1.67 * (2.0**2 / (3 * lengths) ** 2) ** 0.75 * np.exp((1 - lengths) / 0.15)
    each_way = np.sum(n_bonds * spring) / 3
    assert known["log_soft_frequency_min"] == pytest.approx(
        0.5 * np.log10(each_way / mass), abs=1e-3
    )
    stiffness = np.sum(n_bonds * spring * (3 * lengths) ** 2) / 27
    assert known["log_stiffness"] == pytest.approx(np.log10(stiffness), abs=1e-3)
