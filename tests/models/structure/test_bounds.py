"""Cells that would keep a search for neighbours busy are refused before it starts."""

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from models.errors import StructureTooLarge, UnreadableStructure
from models.structure.bounds import check_cell, check_crowding
from models.structure.checks import check_structure
from models.structure.read import parse_structure
from tests.crystals import ROCKSALT

NEEDLE = np.full((3, 3), 110.0) + np.diag([0.8, 0.8, 0.8])  # three edges almost along 1 1 1


def poscar(edge: float) -> str:
    vectors = f"{edge} 0 0\n0 {edge} 0\n0 0 {edge}"
    return f"Po\n1.0\n{vectors}\nPo\n2\ndirect\n0 0 0\n0.5 0.5 0.5\n"


def cif(edge: float, rows: list[str], group: str) -> str:
    lines = ["data_x", *(f"_cell_length_{axis} {edge}" for axis in "abc")]
    lines += [f"_cell_angle_{name} 90" for name in ("alpha", "beta", "gamma")]
    lines += [f"_symmetry_space_group_name_H-M '{group}'", "loop_", "_atom_site_label"]
    return "\n".join([*lines, *(f"_atom_site_fract_{axis}" for axis in "xyz"), *rows, ""])


CROWDED = [f"C{i} {i % 8 / 8} {i // 8 % 8 / 8} {i / 512}" for i in range(500)]
GENERAL = [f"C{i} 0.1{i} 0.23 0.3{i}" for i in range(4)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (poscar(0.02), UnreadableStructure),
        (poscar(0.6), UnreadableStructure),
        (poscar(1000), StructureTooLarge),
        (poscar(3000), StructureTooLarge),
        (cif(0.51, CROWDED, "P 1"), UnreadableStructure),
        (cif(0.6, GENERAL, "F m -3 m"), UnreadableStructure),
    ],
)
def test_no_text_makes_a_search_long_or_large(text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        parse_structure(text)


def test_atoms_far_from_each_other_are_refused() -> None:
    far = Structure(Lattice.cubic(4), ["Na", "Cl"], np.array([[0.0] * 3, [90.5] * 3]))
    with pytest.raises(StructureTooLarge, match="too far apart"):
        check_structure(far)
    with pytest.raises(UnreadableStructure, match="1000 cells away"):
        check_structure(Structure(far.lattice, ["Na"], np.array([[1e300, 0, 0]])))


@pytest.mark.parametrize(("edge", "is_crystal"), [(2.3, True), (1.9, False)])
def test_atoms_denser_than_in_any_crystal_are_refused(edge: float, *, is_crystal: bool) -> None:
    # Face-centred cubes: 0.33 atoms per A^3, as in LaH10 at 150 GPa, and 0.58.
    places = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    crowded = Structure(Lattice.cubic(edge), ["H"] * 4, places)
    if is_crystal:
        check_crowding(crowded)
        return
    with pytest.raises(UnreadableStructure, match="denser than any crystal"):
        check_crowding(crowded)


def test_a_needle_whose_box_holds_many_images_is_refused() -> None:
    needle = Structure(NEEDLE, ["H"] * 40, np.linspace(0, 0.99, 120).reshape(40, 3))
    with pytest.raises(StructureTooLarge, match="reduced cell"):
        check_crowding(needle)


@pytest.mark.parametrize("shift", [0, -1, 3])
def test_a_real_crystal_passes_wherever_its_atoms_are_written(shift: int) -> None:
    crystal = ROCKSALT.crystal(["Li", "H"], 1.5)
    moved = Structure(crystal.lattice, crystal.species, crystal.frac_coords + shift)
    assert check_structure(moved) is moved


def test_a_long_polytype_in_its_rhombohedral_cell_passes() -> None:
    check_cell(Lattice.rhombohedral(67.0, 3.8))
