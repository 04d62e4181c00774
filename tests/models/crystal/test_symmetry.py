"""Idealisation: atoms a little off their sites are moved there, distorted crystals are kept."""

import numpy as np
import pytest
from pymatgen.core import Element, Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from models.crystal.cell import Cell, cell_of
from models.crystal.crystal import Crystal
from models.crystal.symmetry import Symmetry, idealise
from tests.crystals import (
    FLUORITE,
    HALF_HEUSLER,
    PEROVSKITE,
    ROCKSALT,
    WURTZITE_TYPE,
    ZINCBLENDE,
    generated_crystals,
    noisy,
    supercell,
)

DOUBLE = [[2, 0, 0], [0, 2, 0], [0, 0, 2]]
OPERATIONS = {  # structures and the orders of their point groups
    "rocksalt": (ROCKSALT.crystal(["Na", "Cl"], 2.85), 48),
    "zincblende": (ZINCBLENDE.crystal(["Ga", "As"], 2.45), 24),
    "diamond": (ZINCBLENDE.crystal(["Si", "Si"], 2.35), 48),
    "half-Heusler": (HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57), 24),
    "perovskite": (PEROVSKITE.crystal(["Ba", "Ti", "O"], 1.95), 48),
    "fluorite": (FLUORITE.crystal(["Ca", "F"], 2.36), 48),
    "wurtzite": (WURTZITE_TYPE.crystal(["Zn", "O"], 1.98), 12),
}
CRYSTALS = pytest.mark.parametrize(
    ("crystal", "operations"), OPERATIONS.values(), ids=OPERATIONS.keys()
)


def symmetry_of(structure: Structure) -> Symmetry:
    return idealise(cell_of(structure)).symmetry


@CRYSTALS
def test_an_ideal_crystal_has_its_point_group_and_stays(crystal, operations):
    ideal = idealise(cell_of(supercell(crystal, [[1, 1, 0], [0, 1, 0], [0, 0, 2]])))
    symmetry = ideal.symmetry
    assert symmetry.operations == pytest.approx(operations)
    assert symmetry.n_primitive == len(ideal.cell.numbers) == len(crystal)
    assert symmetry.inversion == pytest.approx(1.0 if operations == 48 else 0.0)
    assert not symmetry.idealised
    assert ideal.cell.volume == pytest.approx(crystal.volume)


def test_rotations_are_counted_by_order():
    cubic = symmetry_of(OPERATIONS["rocksalt"][0])  # 1, 9 twofold, 8 threefold, 6 fourfold, times 2
    assert cubic.rotations == pytest.approx(np.array([9, 8, 6, 0, 1]) / 24)
    assert cubic.improper == pytest.approx(0.5)
    hexagonal = symmetry_of(OPERATIONS["wurtzite"][0])  # 6mm: 1, 2, 2 x 3, 2 x 6 and six mirrors
    assert hexagonal.rotations == pytest.approx(np.array([7, 2, 0, 2, 1]) / 12)
    assert hexagonal.improper == pytest.approx(0.5)


@CRYSTALS
@pytest.mark.parametrize("size", [0.0001, 0.03])
def test_a_noisy_supercell_is_the_primitive_crystal(crystal, operations, size):
    for seed in range(3):
        ideal = idealise(cell_of(noisy(supercell(crystal, DOUBLE), size, seed)))
        assert ideal.symmetry.operations == pytest.approx(operations)
        assert ideal.symmetry.n_primitive == len(ideal.cell.numbers) == len(crystal)
        assert ideal.symmetry.idealised == (size > 0.001)
        assert ideal.symmetry.moved < 6 * size
        assert ideal.cell.volume == pytest.approx(crystal.volume, rel=1e-6)


@CRYSTALS
def test_a_small_strain_is_averaged(crystal, operations):
    strained = Structure(
        crystal.lattice.matrix * [1.005, 1, 1], crystal.species, crystal.frac_coords
    )
    found = idealise(cell_of(strained))
    assert found.symmetry.operations == pytest.approx(operations)
    assert found.cell.volume == pytest.approx(strained.volume, rel=1e-4)


@CRYSTALS
def test_an_idealised_crystal_is_ideal(crystal, operations):
    once = idealise(cell_of(noisy(crystal, 0.03, 4)))
    again = idealise(once.cell)
    assert again.symmetry.moved < 1e-6
    assert again.symmetry.operations == pytest.approx(operations)


@CRYSTALS
def test_the_inequivalent_sites_stand_for_all_of_one_element(crystal, operations):
    ideal = idealise(cell_of(noisy(crystal, 0.03, 5)))
    assert (ideal.cell.numbers[ideal.orbit] == ideal.cell.numbers).all()
    elements = len({site.specie for site in crystal})
    assert len(set(ideal.orbit.tolist())) == elements


@pytest.mark.parametrize("crystal", [crystal for crystal, _ in OPERATIONS.values()])
def test_rotations_keep_the_lattice(crystal):
    ideal = idealise(cell_of(crystal))
    turned = ideal.cell.lattice @ np.swapaxes(ideal.rotations, 1, 2)
    whole = turned @ np.linalg.inv(ideal.cell.lattice)
    assert whole == pytest.approx(np.rint(whole), abs=1e-6)
    assert np.abs(np.linalg.det(ideal.rotations)) == pytest.approx(np.ones(len(ideal.rotations)))


def off_centre(size: float) -> Structure:
    """Return BaTiO3 with its Ti atom moved along a cubic axis by `size` in A."""
    crystal = PEROVSKITE.crystal(["Ba", "Ti", "O"], 2.0)
    crystal.translate_sites([1], [0, 0, size], frac_coords=False)
    return crystal


def test_a_distortion_within_the_tolerance_is_moved_back_and_one_beyond_is_kept():
    assert symmetry_of(off_centre(0.12)).operations == pytest.approx(48)
    kept = idealise(cell_of(off_centre(0.9)))
    assert kept.symmetry.operations == pytest.approx(8)
    assert kept.symmetry.moved < 0.01
    assert kept.symmetry.inversion == 0


def test_between_the_tolerances_symmetry_falls_without_a_step():
    scan = [symmetry_of(off_centre(size)) for size in np.arange(0, 1, 0.01)]
    operations = np.array([symmetry.operations for symmetry in scan])
    inversion = np.array([symmetry.inversion for symmetry in scan])
    assert (operations[0], operations[-1]) == pytest.approx((48, 8))
    assert (inversion[0], inversion[-1]) == pytest.approx((1, 0))
    assert (np.diff(inversion) < 1e-9).all()
    assert (
        np.abs(np.diff(np.log10(operations))).max() < 0.08
    )  # a step would be log10(48 / 8) = 0.78
    assert np.abs(np.diff(inversion)).max() < 0.15


def test_large_noise_leaves_no_symmetry():
    for seed in range(3):
        assert symmetry_of(noisy(OPERATIONS["perovskite"][0], 0.6, seed)).operations < 1.5


@pytest.mark.parametrize("crystal", generated_crystals(10, seed=21))
def test_idealisation_keeps_composition_and_volume(crystal):
    found = Crystal.of(crystal)
    assert found.formula == crystal.composition.reduced_formula
    assert found.volume == pytest.approx(crystal.volume / len(crystal), rel=5e-3)


def test_a_distorted_supercell_loses_its_translations_without_a_step():
    crystal = supercell(ROCKSALT.crystal(["Na", "Cl"], 2.85), [[2, 0, 0], [0, 1, 0], [0, 0, 1]])
    scan = []
    for size in np.arange(0.2, 0.7, 0.01):
        distorted = crystal.copy()
        distorted.translate_sites([3], [0.0, 0.0, size], frac_coords=False)
        scan.append(symmetry_of(distorted).operations)
    assert np.abs(np.diff(np.log10(scan))).max() < 0.1


PHASES = {  # off the sites of a higher symmetry by 0.1 to 0.5 A, and what moves them there: nothing
    "tellurium": Structure.from_spacegroup(
        "P3_121", Lattice.hexagonal(4.457, 5.929), ["Te"], [[0.2636, 0, 1 / 3]]
    ),
    "antimony": Structure.from_spacegroup(
        "R-3m", Lattice.hexagonal(4.307, 11.273), ["Sb"], [[0, 0, 0.2336]]
    ),
    "germanium telluride": Structure(
        Lattice.rhombohedral(4.281, 58.358),
        ["Ge", "Te"],
        [[0.2355, 0.2355, 0.2355], [-0.2355, -0.2355, -0.2355]],
    ),
    "polar barium titanate": Structure(
        Lattice.tetragonal(3.994, 4.033),
        ["Ba", "Ti", "O", "O", "O"],
        [
            [0.0, 0.0, 0.0],
            [0.5, 0.5, 0.5215],
            [0.5, 0.5, -0.0244],
            [0.5, 0.0, 0.4877],
            [0.0, 0.5, 0.4877],
        ],
    ),
    "tilted strontium titanate": Structure.from_spacegroup(
        "I4/mcm",
        Lattice.tetragonal(5.507, 7.83),
        ["Sr", "Ti", "O", "O"],
        [[0, 0.5, 0.25], [0, 0, 0], [0, 0, 0.25], [0.272, 0.772, 0]],
    ),
}


@pytest.mark.parametrize("name", PHASES)
def test_a_phase_close_to_a_higher_symmetry_stays_what_it_is(name):
    crystal = PHASES[name]
    found = idealise(cell_of(crystal))
    assert not found.symmetry.idealised
    assert found.is_exact
    exact = SpacegroupAnalyzer(crystal, symprec=1e-3)
    assert len(found.rotation) == len(exact.get_point_group_operations())
    assert len(found.cell.numbers) == len(exact.find_primitive())


@pytest.mark.parametrize("name", PHASES)
def test_every_cell_of_such_a_phase_is_the_same_crystal(name):
    crystal, prints = PHASES[name], set()
    for change in ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[2, 0, 0], [0, 1, 0], [0, 0, 1]], DOUBLE):
        prints.add(Crystal.of(supercell(crystal, change)).fingerprint)
    assert len(prints) == 1


@pytest.mark.parametrize("name", ["tellurium", "antimony", "tilted strontium titanate"])
def test_noise_is_taken_off_such_a_phase(name):
    """And its order is not: bonds come back to where they were, by less than the noise."""
    crystal = PHASES[name]
    exact = idealise(cell_of(crystal))
    found = idealise(cell_of(noisy(supercell(crystal, [[2, 0, 0], [0, 2, 0], [0, 0, 1]]), 0.01, 3)))
    assert found.symmetry.idealised
    assert len(found.cell.numbers) == len(exact.cell.numbers)
    shortest = [Crystal.of(structure_of(each.cell)).neighbors.nearest for each in (exact, found)]
    assert shortest[1] == pytest.approx(shortest[0], abs=0.03)


def structure_of(cell: Cell) -> Structure:
    return Structure(cell.lattice, [*map(Element.from_Z, cell.numbers.tolist())], cell.positions)
