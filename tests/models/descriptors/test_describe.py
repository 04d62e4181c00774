"""Descriptors: finite, the same for equivalent cells, right where they can be worked out."""

import numpy as np
import pytest
from pymatgen.core import Structure

from models.crystal.crystal import Crystal
from models.descriptors.describe import NAMES, describe
from models.smooth import fade
from tests.crystals import (
    CAESIUM_CHLORIDE,
    FLUORITE,
    HALF_HEUSLER,
    PEROVSKITE,
    ROCKSALT,
    ZINCBLENDE,
    equivalent_cells,
    generated_crystals,
)

X_GE, MASS_GE, RADIUS_GE = 2.01, 72.63, 1.25  # electronegativity, u, A


def described(structure: Structure) -> dict[str, float]:
    """Return the descriptors of a crystal by name."""
    return dict(zip(NAMES, describe(Crystal.of(structure)).tolist(), strict=True))


@pytest.fixture(scope="module")
def salt() -> dict[str, float]:
    """The descriptors of NaCl, 2.82 A between neighbors."""
    return described(ROCKSALT.crystal(["Na", "Cl"], 2.82))


@pytest.fixture(scope="module")
def germanium() -> dict[str, float]:
    """The descriptors of germanium, 2.45 A between neighbors, the second shell well apart."""
    return described(ZINCBLENDE.crystal(["Ge", "Ge"], 2.45))


def test_names_are_unique():
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("crystal", generated_crystals(16, seed=8))
def test_generated_crystals_have_finite_descriptors(crystal):
    known = describe(Crystal.of(crystal))
    assert known.shape == (len(NAMES),)
    assert known.dtype == np.float32
    assert np.isfinite(known).all()


@pytest.mark.parametrize("crystal", generated_crystals(6, seed=12)[::2])
def test_equivalent_cells_have_the_same_descriptors(crystal):
    known = describe(Crystal.of(crystal))
    for cell in equivalent_cells(crystal).values():
        assert describe(Crystal.of(cell)) == pytest.approx(known, abs=1e-4)


def test_size_by_hand(salt):
    assert salt["log_volume_per_atom"] == pytest.approx(np.log10(2.82**3))
    assert salt["log_density"] == pytest.approx(np.log10((22.990 + 35.453) / 2 / 2.82**3), abs=1e-3)
    assert salt["log_primitive_sites"] == pytest.approx(np.log10(2))
    spheres = 2 / 3 * np.pi * (1.8**3 + 1.0**3)  # radii of Na and Cl
    assert salt["log_packing"] == pytest.approx(np.log10(spheres / 2.82**3), abs=1e-3)


def test_symmetry_by_hand(salt):
    assert salt["log_operations"] == pytest.approx(np.log10(48))
    assert salt["log_operations_per_site"] == pytest.approx(np.log10(24))
    assert (salt["inversion"], salt["improper"]) == pytest.approx((1, 0.5))
    orders = [salt[name] for name in ("twofold", "threefold", "fourfold", "sixfold")]
    assert orders == pytest.approx(np.array([9, 8, 6, 0]) / 24)


def test_the_first_shell_by_hand(salt, germanium):
    second = float(fade(np.array(2**0.5), 1.05, 1.45))  # of 12 like neighbors in rocksalt
    assert salt["coordination_mean"] == pytest.approx(6 + 12 * second, abs=0.01)
    assert salt["like_neighbors_mean"] == pytest.approx(12 * second / (6 + 12 * second), abs=1e-3)
    assert germanium["coordination_min"] == germanium["coordination_max"] == pytest.approx(4)
    assert germanium["log_length_mean"] == pytest.approx(np.log10(2.45))
    assert germanium["log_nearest_mean"] == pytest.approx(np.log10(2.45), abs=1e-4)
    assert germanium["stretch_mean"] == pytest.approx(2.45 / (2 * RADIUS_GE))
    assert germanium["spread_mean"] == germanium["polarity_mean"] == pytest.approx(0, abs=1e-6)
    assert germanium["like_neighbors_mean"] == pytest.approx(1)


def test_polar_bonds_by_hand():
    arsenide = described(ZINCBLENDE.crystal(["Ga", "As"], 2.45))
    polarity = 2.18 - 1.81
    assert arsenide["polarity_mean"] == pytest.approx(polarity, abs=1e-4)
    assert arsenide["ionicity_mean"] == pytest.approx(1 - np.exp(-(polarity**2) / 4), abs=1e-4)
    assert arsenide["like_neighbors_max"] == pytest.approx(0)
    contrast = (74.922 - 69.723) / ((74.922 + 69.723) / 2)
    assert arsenide["log_mass_contrast_mean"] == pytest.approx(np.log10(contrast + 0.01), abs=1e-3)


def test_springs_of_the_first_shell_by_hand(germanium):
    spring = 1.67 * (X_GE**2 / 2.45**2) ** 0.75  # Gordy's rule
    assert germanium["log_site_spring_max"] == pytest.approx(np.log10(4 * spring), abs=1e-4)
    frequency = 0.5 * np.log10(4 * spring / MASS_GE)
    assert germanium["log_site_frequency_mean"] == pytest.approx(frequency, abs=1e-4)
    bond = 0.5 * np.log10(spring / (MASS_GE / 2))
    assert germanium["log_bond_frequency_mean"] == pytest.approx(bond, abs=1e-4)


def test_springs_of_all_neighbors_by_hand():
    """One atom in a cube, 3 A wide: springs to 6, 12 and 8 atoms, falling off with the length."""
    known = described(Structure(np.eye(3) * 3.0, ["Po"], [[0, 0, 0]]))
    lengths, n_bonds, mass = np.array([1, 2**0.5, 3**0.5]), np.array([6, 12, 8]), 210.0
    spring = 1.67 * (2.0**2 / (3 * lengths) ** 2) ** 0.75 * np.exp((1 - lengths) / 0.15)
    spring *= fade(3 * lengths, 5.0, 6.0)
    each_way = np.sum(n_bonds * spring) / 3
    assert known["log_frequency_mean"] == pytest.approx(0.5 * np.log10(each_way / mass), abs=2e-3)
    floor = 0.01 + 0.002 / each_way  # of the soft directions
    assert known["log_anisotropy_mean"] == pytest.approx(np.log10(1 + floor), abs=1e-4)
    stiffness = np.sum(n_bonds * spring * (3 * lengths) ** 2) / 3 / 27
    assert known["log_stiffness"] == pytest.approx(np.log10(stiffness), abs=3e-3)
    assert known["log_velocity"] == pytest.approx(0.5 * np.log10(stiffness * 27 / mass), abs=3e-3)


@pytest.mark.parametrize(
    ("structure", "degrees"),
    [
        (ZINCBLENDE.crystal(["Si", "Si"], 2.35), {1: 0, 2: 0, 3: 0.745, 4: 0.509, 6: 0.629}),
        (ROCKSALT.crystal(["Na", "Cl"], 2.8), {1: 0, 2: 0, 3: 0, 4: 0.764, 6: 0.354}),
        (CAESIUM_CHLORIDE.crystal(["Cs", "Cl"], 3.5), {1: 0, 2: 0, 3: 0, 4: 0.036, 6: 0.511}),
    ],
    ids=["tetrahedron", "octahedron", "cube and six behind its faces"],
)
def test_order_parameters_are_steinhardts(structure, degrees):
    known = described(structure)
    for degree, published in degrees.items():
        tolerance = 0.1 if published in (0.036, 0.511) else 0.02  # of squares; the shell is soft
        assert known[f"shell_order_{degree}_mean"] == pytest.approx(published**2, abs=tolerance)


def test_environments_are_counted():
    one = described(ZINCBLENDE.crystal(["Ge", "Ge"], 2.45))
    two = described(ZINCBLENDE.crystal(["Ga", "As"], 2.45))
    assert one["log_environments"] == pytest.approx(0, abs=1e-6)
    assert two["log_environments"] == pytest.approx(np.log10(2), abs=0.01)


def test_radial_distributions_by_hand(germanium):
    scaled = 2.45 / (2 * RADIUS_GE) * np.array([1, (8 / 3) ** 0.5, (11 / 3) ** 0.5])
    count = np.array([4, 12, 12]) @ np.exp(-0.5 * ((scaled / 0.95 - 1) / 0.0875) ** 2)
    assert germanium["radial_all_1"] == pytest.approx(np.log10(count + 0.1), abs=1e-3)
    assert germanium["radial_like_1"] == pytest.approx(germanium["radial_all_1"])
    assert germanium["radial_polar_1"] == pytest.approx(-1)


def test_the_bonds_of_a_symmetric_site_cancel_and_a_shorter_bond_takes_more_valence(salt):
    shorter = described(ROCKSALT.crystal(["Na", "Cl"], 2.6))
    assert salt["one_sided_max"] == pytest.approx(0, abs=1e-6)
    assert shorter["log_valence_mean"] > salt["log_valence_mean"]
    lone = described(
        Structure(np.diag([3, 3, 6]), ["Pb", "O"], np.array([[0, 0, 0], [0, 0, 0.37]]))
    )
    assert lone["one_sided_max"] > 0.3


def test_four_bonds_count_as_little_more_than_four_with_the_weak_ones(germanium):
    assert np.log10(4) < germanium["log_effective_bonds_min"] < np.log10(5)
    assert germanium["log_effective_bonds_max"] == pytest.approx(
        germanium["log_effective_bonds_min"]
    )


def test_a_cube_is_as_stiff_in_all_directions_and_layers_are_not(salt):
    for name in ("log_anisotropy_min", "crystal_anisotropy"):
        assert salt[name] == pytest.approx(0, abs=0.05)
    slab = Structure(np.diag([3.0, 3.0, 9.0]), ["Na", "Cl"], np.array([[0, 0, 0], [0.5, 0.5, 0]]))
    assert described(slab)["crystal_anisotropy"] < -0.5


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


def test_charges_balance_or_do_not(salt, germanium):
    assert salt["charge_imbalance"] == 0
    assert described(FLUORITE.crystal(["Ca", "F"], 2.4))["charge_imbalance"] == 0
    assert described(FLUORITE.crystal(["Na", "F"], 2.4))["charge_imbalance"] == pytest.approx(1 / 3)
    assert germanium["charge_imbalance"] == 0


def test_families_and_nonmetals_are_shares_of_the_atoms():
    perovskite = described(PEROVSKITE.crystal(["Cs", "Pb", "Br"], 2.9))
    assert perovskite["alkali_share"] == pytest.approx(1 / 5)
    assert perovskite["lone_pair_share"] == pytest.approx(1 / 5)
    assert perovskite["halogen_share"] == perovskite["nonmetal_share"] == pytest.approx(3 / 5)
    assert perovskite["has_nonmetal"] == 1
    # one more electron than the octets of three bromine atoms hold would be an excess: 1 + 4 + 21
    assert perovskite["excess_electrons"] == pytest.approx((1 + 4 + 3 * 7 - 3 * 8) / 5)
