"""Descriptors: finite for every element, and right where they can be worked out by hand."""

import numpy as np
import pytest

from models.descriptors import NAMES
from models.elements import PROPERTIES, element_properties, element_property
from models.graph import crystal_graph
from tests.crystals import HALF_HEUSLER, ROCKSALT, generated_crystals


@pytest.fixture(scope="module")
def salt() -> dict[str, float]:
    """The descriptors of NaCl, 2.82 A between neighbours."""
    graph = crystal_graph(ROCKSALT.crystal(["Na", "Cl"], 2.82))
    return dict(zip(NAMES, graph.descriptors.tolist(), strict=True))


def test_every_element_has_every_property():
    assert element_properties().shape == (95, len(PROPERTIES))
    assert np.isfinite(element_properties()[1:]).all()


def test_generated_crystals_have_finite_descriptors():
    for crystal in generated_crystals(20, seed=8):
        assert np.isfinite(crystal_graph(crystal).descriptors).all()


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
    graph = crystal_graph(HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57))
    known = dict(zip(NAMES, graph.descriptors.tolist(), strict=True))
    assert known["n_elements"] == 3
    assert known["shell_spread_max"] > known["shell_spread_mean"] >= 0
