"""Crystals whose atoms are a little off the sites of their space group."""

import numpy as np
import pytest
from pymatgen.core import Structure

from models.crystal.crystal import Crystal
from models.crystal.symmetry import idealise
from models.descriptors.describe import describe
from tests.crystals import HALF_HEUSLER, PEROVSKITE, ROCKSALT, supercell

DOUBLE = [[2, 0, 0], [0, 2, 0], [0, 0, 2]]
CRYSTALS = [
    ROCKSALT.crystal(["Na", "Cl"], 2.85),
    HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57),
    PEROVSKITE.crystal(["Ba", "Ti", "O"], 1.95),
]


def blurred(crystal: Structure, size: float) -> Structure:
    """Return the crystal with each coordinate off by up to `size` in A."""
    off = np.random.default_rng(3).uniform(-size, size, (len(crystal), 3))
    positions = crystal.cart_coords + off
    return Structure(crystal.lattice, crystal.species, positions, coords_are_cartesian=True)


@pytest.mark.parametrize("crystal", CRYSTALS)
@pytest.mark.parametrize("size", [0.0001, 0.004, 0.02])
def test_a_blurred_supercell_is_the_ideal_crystal(crystal, size):
    expected = Crystal.of(crystal)
    found = Crystal.of(blurred(supercell(crystal, DOUBLE), size))
    assert found.symmetry.number == expected.symmetry.number
    assert found.symmetry.n_primitive == expected.symmetry.n_primitive
    assert found.symmetry.idealised == (size > 0.001)
    assert describe(found) == pytest.approx(describe(expected), rel=0.02, abs=0.01)


@pytest.mark.parametrize("crystal", CRYSTALS)
def test_atoms_that_were_moved_back_leave_no_trace(crystal):
    found = Crystal.of(blurred(supercell(crystal, DOUBLE), 0.02))
    assert found.fingerprint == Crystal.of(crystal).fingerprint


@pytest.mark.parametrize("crystal", CRYSTALS)
def test_a_small_strain_is_a_blur_too(crystal):
    strained = Structure(
        crystal.lattice.matrix * [1.01, 1, 1], crystal.species, crystal.frac_coords
    )
    ideal, symmetry = idealise(strained)
    assert symmetry.number == idealise(crystal)[1].number
    assert ideal.volume / len(ideal) == pytest.approx(strained.volume / len(strained), rel=1e-3)


def test_a_crystal_as_symmetric_as_it_looks_is_left_alone():
    for crystal in CRYSTALS:
        assert idealise(crystal)[0] is crystal


def test_a_real_distortion_is_left_alone():
    crystal = blurred(CRYSTALS[2], 0.4)
    ideal, symmetry = idealise(crystal)
    assert ideal is crystal
    assert not symmetry.idealised
    assert symmetry.number == 1
