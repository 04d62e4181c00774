"""Structure types: recognised with strain and noise, near misses are told apart."""

from functools import lru_cache

import pytest
from pymatgen.core import Lattice, Structure

from models.crystal.crystal import Crystal
from models.crystal.structure_type import OTHER
from tests.crystals import (
    CAESIUM_CHLORIDE,
    ROCKSALT,
    WURTZITE_TYPE,
    ZINCBLENDE,
    noisy,
    reordered,
    rotated,
    supercell,
)

THIRD = (1 / 3, 2 / 3)
# Compounds as published, in pymatgen's settings: group, lattice, elements, coordinates.
PUBLISHED: dict[str, tuple[str, Lattice, list[str], list[list[float]]]] = {
    "diamond": ("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]]),
    "rocksalt": ("Fm-3m", Lattice.cubic(4.21), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "zincblende": ("F-43m", Lattice.cubic(5.65), ["Ga", "As"], [[0, 0, 0], [0.25, 0.25, 0.25]]),
    "caesium_chloride": ("Pm-3m", Lattice.cubic(4.12), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "wurtzite": (
        "P6_3mc", Lattice.hexagonal(3.19, 5.19), ["Ga", "N"], [[*THIRD, 0], [*THIRD, 0.377]]
    ),
    "nickel_arsenide": (
        "P6_3/mmc", Lattice.hexagonal(3.62, 5.03), ["Ni", "As"], [[0, 0, 0], [*THIRD, 0.25]]
    ),
    "fluorite": ("Fm-3m", Lattice.cubic(5.46), ["Ca", "F"], [[0, 0, 0], [0.25, 0.25, 0.25]]),
    "rutile": (
        "P4_2/mnm", Lattice.tetragonal(4.59, 2.96), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
    ),
    "half_heusler": (
        "F-43m", Lattice.cubic(6.11), ["Zr", "Ni", "Sn"],
        [[0, 0, 0], [0.25, 0.25, 0.25], [0.5, 0.5, 0.5]],
    ),
    "full_heusler": (
        "Fm-3m", Lattice.cubic(5.78), ["V", "Al", "Fe"],
        [[0, 0, 0], [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]],
    ),
    "perovskite": (
        "Pm-3m", Lattice.cubic(3.91), ["Sr", "Ti", "O"],
        [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]],
    ),
    "double_perovskite": (
        "Fm-3m", Lattice.cubic(11.2), ["Cs", "Ag", "Bi", "Br"],
        [[0.25, 0.25, 0.25], [0, 0, 0], [0.5, 0.5, 0.5], [0.251, 0, 0]],
    ),
    "hexachloroplatinate": (
        "Fm-3m", Lattice.cubic(9.74), ["K", "Pt", "Cl"],
        [[0.25, 0.25, 0.25], [0, 0, 0], [0.24, 0, 0]],
    ),
    "spinel": (
        "Fd-3m", Lattice.cubic(8.08), ["Mg", "Al", "O"],
        [[0, 0, 0], [0.625, 0.625, 0.625], [0.3883, 0.3883, 0.3883]],
    ),
    "chalcopyrite": (
        "I-42d", Lattice.tetragonal(5.29, 10.42), ["Cu", "Fe", "S"],
        [[0, 0, 0], [0, 0, 0.5], [0.257, 0.25, 0.125]],
    ),
    "matlockite": (
        "P4/nmm", Lattice.tetragonal(4.11, 7.24), ["Pb", "F", "Cl"],
        [[0, 0.5, 0.205], [0, 0, 0], [0, 0.5, 0.65]],
    ),
    "layered_nafeo2": (
        "R-3m", Lattice.hexagonal(2.82, 14.05), ["Co", "Li", "O"],
        [[0, 0, 0], [0, 0, 0.5], [0, 0, 0.24]],
    ),
    "layered_caal2si2": (
        "P-3m1", Lattice.hexagonal(4.13, 7.14), ["Ca", "Al", "Si"],
        [[0, 0, 0], [*THIRD, 0.63], [*THIRD, 0.27]],
    ),
}  # fmt: skip
NAMES = pytest.mark.parametrize("name", PUBLISHED)


@lru_cache
def primitive(name: str) -> Structure:
    """Return the primitive cell of a published compound, not to be changed."""
    return Structure.from_spacegroup(*PUBLISHED[name]).get_primitive_structure()


def published(name: str) -> Structure:
    """Return the primitive cell of a published compound."""
    return primitive(name).copy()


def type_of(structure: Structure) -> str:
    return Crystal.of(structure).structure_type


def stretched(structure: Structure, by: float) -> Structure:
    """Return a structure with its third Cartesian axis longer by a share."""
    matrix = structure.lattice.matrix * [1, 1, 1 + by]
    return Structure(matrix, structure.species, structure.frac_coords)


@NAMES
def test_a_published_compound_is_of_its_type(name):
    assert type_of(published(name)) == name


@NAMES
def test_strain_noise_and_another_cell_keep_the_type(name):
    crystal = published(name)
    for seed, cell in enumerate((crystal, supercell(crystal, [[1, 1, 0], [-1, 1, 0], [0, 0, 1]]))):
        assert type_of(reordered(rotated(noisy(stretched(cell, 0.03), 0.03, seed)), seed)) == name
        assert type_of(stretched(cell, -0.04)) == name


@pytest.mark.parametrize("lattice_constant", [0.85, 1.2])
@NAMES
def test_the_size_does_not_matter(name, lattice_constant):
    crystal = published(name)
    assert type_of(crystal.scale_lattice(crystal.volume * lattice_constant**3)) == name


@pytest.mark.parametrize(
    "name",
    ["rocksalt", "zincblende", "caesium_chloride", "fluorite", "perovskite", "half_heusler",
     "wurtzite", "rutile"],
)  # fmt: skip
def test_a_cell_stretched_by_15_per_cent_is_another(name):
    crystal = Structure.from_spacegroup(*PUBLISHED[name])  # its third axis is along the stretch
    assert type_of(stretched(crystal, 0.15)) == OTHER


def moved_atom(name: str, size: float) -> Structure:
    crystal = published(name)
    crystal.translate_sites([len(crystal) - 1], [0, 0, size], frac_coords=False)
    return crystal


def interstitial() -> Structure:
    """Return zincblende's lattice with two more atoms than half-Heusler's sites have."""
    return Structure.from_spacegroup(
        "F-43m", Lattice.cubic(6), ["Ga", "As", "N"], [[0, 0, 0], [0.25] * 3, [0.4] * 3]
    )


@pytest.mark.parametrize(
    ("structure", "name"),
    [
        (ROCKSALT.crystal(["Cs", "Cl"], 3.4), "rocksalt"),
        (CAESIUM_CHLORIDE.crystal(["Na", "Cl"], 2.9), "caesium_chloride"),
        (WURTZITE_TYPE.crystal(["Ga", "As"], 2.45), "wurtzite"),
        (ZINCBLENDE.crystal(["Zn", "O"], 1.98), "zincblende"),
        (ZINCBLENDE.crystal(["Ge", "Ge"], 2.45), "diamond"),
        (CAESIUM_CHLORIDE.crystal(["Fe", "Fe"], 2.48), OTHER),
        (ROCKSALT.crystal(["Po", "Po"], 3.3), OTHER),
        (WURTZITE_TYPE.crystal(["C", "C"], 1.54), OTHER),
        (moved_atom("zincblende", 0.9), OTHER),
        (moved_atom("perovskite", 0.9), OTHER),
        (interstitial(), OTHER),
    ],
)
def test_near_types_are_told_apart(structure, name):
    assert type_of(structure) == name


def test_a_hexagonal_layer_is_no_wurtzite():
    nitride = Structure.from_spacegroup(
        "P6_3/mmc", Lattice.hexagonal(2.5, 6.66), ["B", "N"], [[*THIRD, 0.25], [*THIRD, 0.75]]
    )
    assert type_of(nitride) == OTHER
