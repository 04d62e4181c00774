"""Fingerprints: one for a crystal however it is given, another for every other crystal."""

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from models.crystal.crystal import Crystal
from models.descriptors.describe import describe
from tests.crystals import (
    CAESIUM_CHLORIDE,
    FLUORITE,
    HALF_HEUSLER,
    PEROVSKITE,
    ROCKSALT,
    ZINCBLENDE,
    equivalent_cells,
    generated_crystals,
    noisy,
    supercell,
)

SALT = ROCKSALT.crystal(["Na", "Cl"], 2.845)
CUBIC = [  # no coordinate of theirs is free
    SALT,
    HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57),
    PEROVSKITE.crystal(["Sr", "Ti", "O"], 1.95),
    FLUORITE.crystal(["Ca", "F"], 2.36),
]
LAYERS = {"A": (0.0, 0.0), "B": (1 / 3, 2 / 3), "C": (2 / 3, 1 / 3)}


def stacked(layers: str, symbols: tuple[str, str], bond: float) -> Structure:
    """Return tetrahedral double layers stacked as named, with ideal bonds of a length in A."""
    height = 4 / 3 * bond * len(layers)
    positions = [
        (*LAYERS[layer], (4 / 3 * bond * place + shift) / height)
        for shift in (0.0, bond)
        for place, layer in enumerate(layers)
    ]
    lattice = Lattice.hexagonal(bond * (8 / 3) ** 0.5, height)
    return Structure(lattice, np.repeat(symbols, len(layers)).tolist(), positions)


def fingerprint(structure: Structure) -> str:
    return Crystal.of(structure).fingerprint


def test_different_crystals_have_different_fingerprints():
    crystals = generated_crystals(60, seed=2)
    prints = {fingerprint(crystal) for crystal in crystals}
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
    assert fingerprint(other) != fingerprint(SALT)


def test_elements_that_change_places_change_the_fingerprint():
    half_heusler = HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57)
    exchanged = HALF_HEUSLER.crystal(["Ti", "Ni", "Sn"], 2.57)
    assert fingerprint(half_heusler) != fingerprint(exchanged)


@pytest.mark.parametrize(
    ("symbols", "bond"), [(("Cd", "Te"), 2.8), (("Si", "C"), 1.89), (("Zn", "S"), 2.34)]
)
def test_stackings_have_fingerprints_of_their_own(symbols, bond):
    stackings = {"3C": "ABC", "2H": "AB", "4H": "ABCB", "6H": "ABCACB", "9R": "ABABCBCAC"}
    prints = {name: fingerprint(stacked(order, symbols, bond)) for name, order in stackings.items()}
    assert len(set(prints.values())) == len(stackings)
    zincblende = fingerprint(ZINCBLENDE.crystal(list(symbols), bond))
    assert prints["3C"] == zincblende
    assert fingerprint(stacked("ABABAB", symbols, bond)) == prints["2H"]
    assert fingerprint(stacked("BCAC", symbols, bond)) == prints["4H"]


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
    assert left.space_group != right.space_group
    assert describe(left) == pytest.approx(describe(right), abs=1e-4)
    assert left.fingerprint == right.fingerprint


@pytest.mark.parametrize("crystal", CUBIC)
def test_noise_leaves_the_fingerprint_of_a_cubic_crystal(crystal):
    large = supercell(crystal, [[2, 0, 0], [0, 2, 0], [0, 0, 2]])
    for seed in range(3):
        assert fingerprint(noisy(crystal, 0.03, seed)) == fingerprint(crystal)
        assert fingerprint(noisy(large, 0.03, seed)) == fingerprint(crystal)


@pytest.mark.parametrize("size", [0.0005, 0.005, 0.1, 0.3])
def test_noise_leaves_the_composition(size):
    large = supercell(CUBIC[1], [[2, 0, 0], [0, 2, 0], [0, 0, 2]])
    assert Crystal.of(noisy(large, size, 1)).formula == "TiNiSn"


def test_a_fingerprint_is_the_same_in_every_cell():
    prints = {
        fingerprint(cell) for cell in equivalent_cells(stacked("ABCB", ("Si", "C"), 1.89)).values()
    }
    assert len(prints) == 1
