"""Descriptors under noise, strain and displacements: no jumps, and little change by noise.

Each scan is repeated with steps in place of the fading weights: the bounds must be passed then.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from models.crystal import neighbors, operations
from models.crystal.crystal import Crystal
from models.descriptors.compiled import shell
from models.descriptors.describe import NAMES, describe
from tests.crystals import (
    CAESIUM_CHLORIDE,
    FLUORITE,
    HALF_HEUSLER,
    PEROVSKITE,
    ROCKSALT,
    WURTZITE_TYPE,
    ZINCBLENDE,
    noisy,
    supercell,
)

STRAINS = np.arange(-0.03, 0.0301, 0.001)  # of the lattice constant
LARGEST_BY_STRAIN = 0.03  # in any descriptor by 0.1 % of the lattice constant
DISPLACEMENTS = np.arange(0, 0.6001, 0.02)  # A
LARGEST_BY_DISPLACEMENT = {"perovskite": 0.3, "wurtzite": 0.15, "rutile": 0.15}  # by 0.02 A
UNFREE = {  # crystals without free coordinates
    "rocksalt": ROCKSALT.crystal(["Na", "Cl"], 2.845),
    "caesium_chloride": CAESIUM_CHLORIDE.crystal(["Cs", "Cl"], 3.57),
    "half_heusler": HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57),
    "perovskite": PEROVSKITE.crystal(["Sr", "Ti", "O"], 1.95),
    "diamond": ZINCBLENDE.crystal(["Si", "Si"], 2.35),
    "fluorite": FLUORITE.crystal(["Ca", "F"], 2.36),
}
FREE = {
    "wurtzite": WURTZITE_TYPE.crystal(["Zn", "O"], 1.98),
    "rutile": Structure.from_spacegroup(
        "P4_2/mnm", Lattice.tetragonal(4.59, 2.96), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
    ),
}
Crystals = Callable[[float], Structure]


def largest_step(crystals: Crystals, values: Sequence[float] | np.ndarray) -> tuple[float, str]:
    """Return the largest change of a descriptor from one value to the next, and its name."""
    scan = np.array([describe(Crystal.of(crystals(value))) for value in values])
    steps = np.abs(np.diff(scan, axis=0)).max(axis=0)
    return float(steps.max()), NAMES[steps.argmax()]


def step(value: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return 1 below the middle of a fade and 0 above."""
    return (value < (start + end) / 2).astype(float)


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("name", UNFREE)
def test_noise_changes_no_descriptor_of_a_crystal_without_free_coordinates(name, size):
    crystal = UNFREE[name]
    known = describe(Crystal.of(crystal))
    for seed in range(4):
        found = Crystal.of(noisy(supercell(crystal, np.diag([size] * 3).tolist()), 0.03, seed))
        assert describe(found) == pytest.approx(known, abs=1e-4)
        assert found.structure_type == name


@pytest.mark.parametrize("name", FREE)
def test_noise_changes_descriptors_little_where_coordinates_are_free(name):
    crystal = FREE[name]
    known = describe(Crystal.of(crystal))
    changes = []
    for seed in range(4):
        found = Crystal.of(noisy(crystal, 0.03, seed))
        assert found.structure_type == name
        changes.append(np.abs(describe(found) - known))
    assert np.median(changes) < 1e-3
    assert np.max(changes) < 0.2


def strained(name: str) -> Crystals:
    """Return crystals by strain, a shell of theirs at 5.5 A: in the middle of the fade."""
    kind, symbols, shell_over_nearest = {
        "CsCl": (CAESIUM_CHLORIDE, ["Cs", "Cl"], (11 / 3) ** 0.5),
        "NaCl": (ROCKSALT, ["Na", "Cl"], 2.0),
        "CaF2": (FLUORITE, ["Ca", "F"], (16 / 3) ** 0.5),
    }[name]
    return lambda strain: kind.crystal(symbols, 5.5 / shell_over_nearest * (1 + strain))


@pytest.mark.parametrize("name", ["CsCl", "NaCl", "CaF2"])
def test_no_descriptor_jumps_with_the_lattice_constant(name, monkeypatch):
    found, which = largest_step(strained(name), STRAINS)
    assert found < LARGEST_BY_STRAIN, which
    monkeypatch.setattr(neighbors, "fade", step)
    assert largest_step(strained(name), STRAINS)[0] > 3 * LARGEST_BY_STRAIN


def displaced(crystal: Structure) -> Crystals:
    """Return crystals by how far the last atom is moved in a direction without symmetry."""
    direction = np.array([1, 0.3, 0.2]) / np.linalg.norm([1, 0.3, 0.2])

    def at(size: float) -> Structure:
        moved = crystal.copy()
        moved.translate_sites([len(moved) - 1], size * direction, frac_coords=False)
        return moved

    return at


@pytest.mark.parametrize(("name", "allowed"), LARGEST_BY_DISPLACEMENT.items())
def test_no_descriptor_jumps_when_an_atom_is_moved(name, allowed, monkeypatch):
    crystals = displaced((UNFREE | FREE)[name])
    found, which = largest_step(crystals, DISPLACEMENTS)
    assert found < allowed, which
    for module in (neighbors, shell, operations):
        monkeypatch.setattr(module, "fade", step)
    assert largest_step(crystals, DISPLACEMENTS)[0] > 1.5 * allowed


@pytest.mark.parametrize("name", ["perovskite", "wurtzite"])
def test_half_the_displacement_is_half_the_change(name):
    crystals = displaced((UNFREE | FREE)[name])
    coarse, _ = largest_step(crystals, np.arange(0.3, 0.5, 0.02))
    fine, _ = largest_step(crystals, np.arange(0.3, 0.5, 0.005))
    assert fine < 0.4 * coarse  # a jump would be as high in both
