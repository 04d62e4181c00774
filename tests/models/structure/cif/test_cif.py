"""What gemmi's reader makes of the ways in which CIFs are written."""

from functools import cache

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

from models.crystal.crystal import Crystal
from models.errors import (
    DisorderedStructure,
    ParaisiteError,
    StructureTooLarge,
    UnreadableStructure,
    UnsupportedElement,
)
from models.structure.cif import read_cif
from tests.crystals import ROCKSALT, WURTZITE_TYPE

COLUMNS = ("label", "fract_x", "fract_y", "fract_z")
ROCK_SALT_ROWS = ("Na1 0 0 0", "Cl1 0.5 0.5 0.5")


def written(
    *rows: str, extra: str = "", columns: tuple[str, ...] = COLUMNS, cell: str = "5.69 90"
) -> str:
    """Return a CIF of a cell with equal lengths and angles, and these rows of atoms."""
    length, angle = cell.split()
    lines = ["data_x"]
    lines += [f"_cell_length_{axis} {length}" for axis in "abc"]
    lines += [f"_cell_angle_{name} {angle}" for name in ("alpha", "beta", "gamma")]
    lines += [extra, "loop_", *(f"_atom_site_{column}" for column in columns), *rows, ""]
    return "\n".join(lines)


def read(text: str, max_sites: int = 500) -> Structure:
    return read_cif(text, max_sites)[0]


def identity(structure: Structure) -> str:
    return Crystal.of(structure).fingerprint


@cache
def conventional() -> Structure:
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )


@pytest.mark.parametrize(
    "group",
    [
        "_symmetry_space_group_name_H-M 'F m -3 m'",
        "_space_group_name_H-M_alt Fm-3m",
        "_symmetry_space_group_name_H-M 'F m 3 m'",
        "_space_group_name_Hall '-F 4 2 3'",
        "_space_group_IT_number 225",
        "_symmetry_Int_Tables_number 225",
    ],
)
def test_a_space_group_by_name_or_number(group):
    structure = read(written(*ROCK_SALT_ROWS, extra=group))
    assert len(structure) == 8
    assert identity(structure) == identity(conventional())


@pytest.mark.parametrize("symbol", ["F d -3 m :2", "F d -3 m Z", "Fd-3m:2"])
def test_a_choice_of_origin_is_followed(symbol):
    extra = f"_symmetry_space_group_name_H-M '{symbol}'"
    diamond = read(written("C1 0.125 0.125 0.125", extra=extra, cell="3.567 90"))
    assert len(diamond) == 8


def test_an_open_choice_of_origin_is_refused():
    extra = "_symmetry_space_group_name_H-M 'F d -3 m'"
    with pytest.raises(UnreadableStructure, match="two choices of origin"):
        read(written("C1 0.125 0.125 0.125", extra=extra))


@pytest.mark.parametrize(("gamma", "count"), [("90", 12), ("120", 36)])
def test_the_angles_tell_a_rhombohedral_setting(gamma, count):
    extra = "_symmetry_space_group_name_H-M 'R -3 m'"
    text = written("Bi1 0.1 0.25 0.3", extra=extra, cell="9.6 90")
    assert len(read(text.replace("gamma 90", f"gamma {gamma}"))) == count


@pytest.mark.parametrize("number", ["231", "abc", "0", "225.5"])
def test_a_number_of_no_space_group_is_not_taken_for_none(number):
    with pytest.raises(UnreadableStructure, match="is not known"):
        read(written(*ROCK_SALT_ROWS, extra=f"_symmetry_Int_Tables_number {number}"))


def test_a_number_written_as_a_decimal_one():
    text = written(*ROCK_SALT_ROWS, extra="_symmetry_Int_Tables_number 225.0")
    assert len(read(text)) == 8


@pytest.mark.parametrize(
    ("extra", "cell"),
    [
        ("_symmetry_space_group_name_H-M 'F m -3 m'", "5.69 91"),
        ("_symmetry_space_group_name_H-M 'R -3 m R'", "9.6 90"),
    ],
)
def test_a_symmetry_that_does_not_fit_the_cell_is_refused(extra, cell):
    text = written("Bi1 0.1 0.25 0.3", extra=extra, cell=cell).replace("gamma 90", "gamma 120")
    text = text.replace("gamma 91", "gamma 95")
    with pytest.raises(UnreadableStructure, match="does not fit the cell"):
        read(text)


def test_the_rhombohedral_setting_of_a_number_is_told_by_the_cell():
    extra = "_symmetry_Int_Tables_number 166"
    text = written("Bi1 0.237 0.237 0.237", extra=extra, cell="4.746 57.23")
    assert len(read(text)) == 2


@pytest.mark.parametrize("formula", ["'H2 O'", "'Na H Cl'"])
def test_an_element_of_the_formula_that_no_site_has(formula):
    with pytest.raises(UnreadableStructure, match="has H, but no site"):
        read(
            written(
                "O1 0 0 0", "Na1 .5 .5 .5", "Cl1 .5 0 0", extra=f"_chemical_formula_sum {formula}"
            )
        )


@pytest.mark.parametrize("formula", ["'Na1 Cl1'", "Na4Cl4", "?", "'Na Cl x(H2 O)'"])
def test_a_formula_that_says_nothing_against_the_sites(formula):
    assert len(read(written(*ROCK_SALT_ROWS, extra=f"_chemical_formula_sum {formula}"))) == 2


def test_an_unknown_space_group_is_not_taken_for_none():
    with pytest.raises(UnreadableStructure, match="Q 99 is not known"):
        read(written(*ROCK_SALT_ROWS, extra="_symmetry_space_group_name_H-M 'Q 99'"))


@pytest.mark.parametrize(
    "operation", ["x,y,1/5+z", "X, Y, Z+0.2", "'x , y , z+1/5'", "+x,+y,.2+z", "1*x,y,z+2/10;"]
)
def test_spellings_of_an_operation(operation):
    others = "x,y,z\nx,y,z+2/5\nx,y,z+.6\nx,y,z-1/5\n"
    extra = f'loop_\n_space_group_symop_operation_xyz\n{others}"{operation.strip(chr(39))}"'
    positions = read(written("Na1 0.1 0.2 0.3", extra=extra)).frac_coords
    assert np.allclose(sorted(positions[:, 2]), [0.1, 0.3, 0.5, 0.7, 0.9])


@pytest.mark.parametrize("operation", ["x,y", "x,y,z,x", "2*x,y,z", "x,x,z", "a,b,c", "x,y,z+1/0"])
def test_what_is_no_operation(operation):
    extra = f"loop_\n_space_group_symop_operation_xyz\n{operation}"
    with pytest.raises(UnreadableStructure):
        read(written(*ROCK_SALT_ROWS, extra=extra))


def test_rounded_thirds_are_the_fractions_meant():
    wurtzite = WURTZITE_TYPE.crystal(["Zn", "O"], 1.98)
    text = str(CifWriter(wurtzite, significant_figures=4))
    assert "0.3333" in text
    assert np.allclose(
        sorted(read(text).frac_coords[:, 0]), [1 / 3, 1 / 3, 2 / 3, 2 / 3], atol=1e-9
    )


def test_images_that_almost_coincide_are_one_atom():
    extra = "loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n-x,-y,-z\ny,x,z\n-y,-x,-z"
    structure = read(written("Na1 0.0004 0.0002 0", "Cl1 0.5 0.4998 0.5", extra=extra))
    assert sorted(site.specie.symbol for site in structure) == ["Cl", "Na"]


def test_all_atoms_listed_beside_the_operations_are_counted_once():
    text = str(CifWriter(conventional(), symprec=0.01))
    rows = "  Na+  Na9  4  0.5  0.5  0.0  1\n".replace("Na+", "Na")
    assert len(read(text + rows)) == 8


@pytest.mark.parametrize(
    ("symbol", "number"),
    [("Na1+", 11), ("NA", 11), ("na", 11), ("O2-", 8), ("Fe+3", 26), ("D", 1), ("Cl1", 17)],
)
def test_spellings_of_an_element(symbol, number):
    columns = ("type_symbol", *COLUMNS)
    structure = read(written(f"{symbol} A1 0 0 0", columns=columns))
    assert [site.specie.Z for site in structure] == [number]


@pytest.mark.parametrize(("label", "number"), [("Na1", 11), ("C1", 6), ("H2A", 1), ("CL3", 17)])
def test_a_label_stands_for_a_missing_symbol(label, number):
    for columns, row in (
        (COLUMNS, f"{label} 0 0 0"),
        (("type_symbol", *COLUMNS), f"? {label} 0 0 0"),
    ):
        assert [site.specie.Z for site in read(written(row, columns=columns))] == [number]


@pytest.mark.parametrize("label", ["X1", "Q", "1", "?"])
def test_a_site_of_no_element(label):
    with pytest.raises(UnsupportedElement):
        read(written(f"{label} 0 0 0"))


@pytest.mark.parametrize("symbol", ["Va", "Du", "Bq", "Uu", "Q"])
def test_a_symbol_of_no_element(symbol):
    with pytest.raises(UnsupportedElement):
        read(written(f"{symbol} A1 0 0 0", columns=("type_symbol", *COLUMNS)))


def test_a_centroid_is_no_carbon():
    with pytest.raises(UnsupportedElement):
        read(written("Cg1 0 0 0"))


@pytest.mark.parametrize(
    ("symbol", "kind"),
    [
        ("Na/K", DisorderedStructure),
        ("Na0.5K0.5", DisorderedStructure),
        ("H2O", UnreadableStructure),
        ("CH3", UnreadableStructure),
        ("OH-", UnreadableStructure),
    ],
)
def test_a_symbol_of_several_elements(symbol, kind):
    with pytest.raises(kind, match="hydrogen" if kind is UnreadableStructure else "mixed"):
        read(written(f"{symbol} A1 0 0 0", columns=("type_symbol", *COLUMNS)))


def test_a_label_of_two_elements_is_a_mixed_site():
    with pytest.raises(DisorderedStructure):
        read(written("Al/Si1 0 0 0"))


def test_an_empty_or_dummy_site_is_no_atom():
    columns = (*COLUMNS, "occupancy", "calc_flag")
    structure = read(
        written("Na1 0 0 0 1 .", "K1 0.5 0.5 0.5 0 .", "Cl1 .3 .3 .3 1 dum", columns=columns)
    )
    assert structure.composition.reduced_formula == "Na"


@pytest.mark.parametrize("row", ["'Nb,Zr' 0 0 0 1", "'0.8Nb + 0.2Zr' 0 0 0 1", "Na1 0 0 0 0.9(1)"])
def test_disorder_is_seen(row):
    with pytest.raises(DisorderedStructure, match="mixed"):
        read(written(row, columns=(*COLUMNS, "occupancy")))


@pytest.mark.parametrize("occupancy", ["?", ".", "1", "1.0(2)", "1.000"])
def test_full_occupancy(occupancy):
    assert len(read(written(f"Na1 0 0 0 {occupancy}", columns=(*COLUMNS, "occupancy")))) == 1


@pytest.mark.parametrize("name", ["Wat1", "OH1", "OH2"])
def test_hydrogen_that_is_only_implied_is_not_left_out(name):
    with pytest.raises(UnreadableStructure, match="hydrogen"):
        read(written(f"{name} 0 0 0"))
    with pytest.raises(UnreadableStructure, match="hydrogen"):
        read(written("C1 0 0 0 3", columns=(*COLUMNS, "attached_hydrogens")))


@pytest.mark.parametrize("position", ["?", ".", "abc", "nan"])
def test_an_atom_without_a_place(position):
    with pytest.raises(UnreadableStructure, match="Na1"):
        read(written(f"Na1 {position} 0 0"))


def test_repeated_and_empty_entries_and_names_of_people_are_let_pass():
    extra = "_publ_author_name 'Ågren'\n_cell_volume 184\n_cell_volume 184"
    assert len(read(written(*ROCK_SALT_ROWS, extra=extra))) == 2


def test_symmetry_cannot_multiply_the_atoms_beyond_the_limit():
    rows = [f"Na{i} {i / 45 + 0.013:.4f} 0.12 0.31" for i in range(40)]
    extra = "_symmetry_space_group_name_H-M 'F m -3 m'"
    with pytest.raises(ParaisiteError):
        read(written(*rows, extra=extra, cell="40 90"), max_sites=50)


def test_a_cell_too_long_to_search_is_refused():
    with pytest.raises(StructureTooLarge, match="200 A"):
        read(written(*ROCK_SALT_ROWS, cell="900 90"))


def test_the_same_crystal_as_written():
    crystal = ROCKSALT.crystal(["Mg", "O"], 2.1)
    assert identity(read(str(CifWriter(crystal)))) == identity(crystal)
