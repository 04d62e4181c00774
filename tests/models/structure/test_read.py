"""From CIF text to a checked structure, and every way in which that can fail."""

import time

import pytest
from pymatgen.core import DummySpecies, Lattice, Structure
from pymatgen.io.cif import CifWriter

from models.crystal.crystal import Crystal
from models.errors import (
    DisorderedStructure,
    NoStructure,
    OverlappingSites,
    ParaisiteError,
    SeveralStructures,
    StructureError,
    StructureTooLarge,
    UnreadableStructure,
    UnsupportedElement,
)
from models.structure.checks import StructureLimits, check_structure
from models.structure.read import parse_structure
from tests.crystals import HALF_HEUSLER, PEROVSKITE, ROCKSALT, WURTZITE_TYPE, generated_crystals

NACL = ROCKSALT.crystal(["Na", "Cl"], 2.845)
SYMMETRIC = {
    "rocksalt": NACL,
    "half-Heusler": HALF_HEUSLER.crystal(["Ni", "Ti", "Sn"], 2.57),
    "perovskite": PEROVSKITE.crystal(["Sr", "Ti", "O"], 1.95),
    "wurtzite": WURTZITE_TYPE.crystal(["Zn", "O"], 1.98),
}


def cif(structure: Structure, **options) -> str:
    return str(CifWriter(structure, **options))


def identity(structure: Structure) -> str:
    return Crystal.of(structure).fingerprint


@pytest.mark.parametrize("crystal", generated_crystals(10, seed=8))
def test_a_cif_without_symmetry_is_read(crystal):
    read = parse_structure(cif(crystal, significant_figures=12))
    assert read.composition == crystal.composition
    assert identity(read) == identity(crystal)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_a_cif_with_symmetry_operations_is_the_same_crystal(name):
    crystal = SYMMETRIC[name]
    text = cif(crystal, symprec=0.01, significant_figures=12)
    assert "P 1" not in text.split("_cell_length_a")[0]
    read = parse_structure(text)
    assert len(read) >= len(crystal)
    assert identity(read) == identity(crystal)


def test_oxidation_states_are_accepted_and_change_nothing():
    decorated = NACL.copy()
    decorated.add_oxidation_state_by_element({"Na": 1, "Cl": -1})
    text = cif(decorated)
    assert "Na+" in text
    assert identity(parse_structure(text)) == identity(NACL)


def test_indented_capital_and_spaced_text_is_read():
    text = cif(NACL).replace("data_", "\n\n  DATA_").replace("\n", "\n\n ")
    assert identity(parse_structure(text)) == identity(NACL)


def test_line_ends_of_windows_and_a_byte_order_mark_are_read():
    text = cif(NACL).replace("\n", "\r\n")
    assert identity(parse_structure(text)) == identity(NACL)
    assert identity(parse_structure("\ufeff" + text)) == identity(NACL)


def test_line_ends_of_the_old_mac_do_not_hide_the_structure_behind_a_comment():
    text = "# written in 1998\n" + cif(NACL)
    assert identity(parse_structure(text.replace("\n", "\r"))) == identity(NACL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n",
        "Na Cl",
        "<html><body>data_ is not here</body></html>",
        cif(NACL).replace("_cell_length_a", "_cell_length_x"),
        cif(NACL).replace("_atom_site_fract_y", "_atom_site_fract_q"),
        cif(NACL)[: len(cif(NACL)) - 30],
        cif(NACL).replace("4.02", "four").replace("4.02", "four"),
    ],
    ids=[
        *("empty", "blank", "words", "html", "no cell", "no y", "cut off"),
        "no number",
    ],
)
def test_unreadable_text_raises(text):
    with pytest.raises(UnreadableStructure) as caught:
        parse_structure(text)
    assert str(caught.value).strip()


@pytest.mark.parametrize(
    "text", ["data_empty\n", "data_cell\n_cell_length_a 4.0\n_cell_length_b 4.0\n"]
)
def test_a_block_without_atoms_holds_no_structure(text):
    with pytest.raises(NoStructure, match="_atom_site_"):
        parse_structure(text)


def test_several_structures_raise_with_their_number():
    second = cif(SYMMETRIC["wurtzite"])
    with pytest.raises(SeveralStructures, match="holds 2 structures"):
        parse_structure(cif(NACL) + "\n" + second)


def test_a_block_of_metadata_beside_the_structure_does_not_matter():
    metadata = "data_publication\n_publ_section_title 'Rock salt'\n_journal_year 1913\n\n"
    assert identity(parse_structure(metadata + cif(NACL))) == identity(NACL)


@pytest.mark.parametrize(
    "species",
    [[{"Na": 0.5, "K": 0.5}, "Cl"], [{"Na": 0.9}, "Cl"]],
    ids=["mixed", "partly empty"],
)
def test_disordered_sites_raise(species):
    structure = Structure(NACL.lattice, species, NACL.frac_coords)
    with pytest.raises(DisorderedStructure, match="1 site is partly occupied"):
        parse_structure(cif(structure))


@pytest.mark.parametrize("symbol", ["Am", "Og"])
def test_elements_beyond_plutonium_raise_and_are_named(symbol):
    structure = Structure(NACL.lattice, [symbol, "O"], NACL.frac_coords)
    with pytest.raises(UnsupportedElement, match=f"No embedding for {symbol}"):
        check_structure(structure)


@pytest.mark.parametrize("symbol", ["H", "Pu"])
def test_the_first_and_last_elements_are_supported(symbol):
    structure = Structure(NACL.lattice, [symbol, "O"], NACL.frac_coords)
    assert check_structure(structure) is structure


def test_a_vacancy_or_dummy_atom_is_no_element():
    structure = Structure(NACL.lattice, [DummySpecies("X"), "O"], NACL.frac_coords)
    with pytest.raises(UnsupportedElement, match="X"):
        check_structure(structure)


def test_a_text_longer_than_the_limit_raises():
    text = cif(NACL)
    with pytest.raises(StructureTooLarge, match="more than the 300 accepted"):
        parse_structure(text, StructureLimits(max_bytes=300))
    assert parse_structure(text, StructureLimits(max_bytes=len(text)))


def test_a_cell_with_more_sites_than_the_limit_raises():
    with pytest.raises(StructureTooLarge, match="primitive cell 2, more than the 1 accepted"):
        parse_structure(cif(NACL), StructureLimits(max_sites=1))
    text = cif(WURTZITE_TYPE.crystal(["Zn", "O"], 1.98), symprec=0.01)  # 2 atoms, 12 operations
    with pytest.raises(StructureTooLarge, match="4 sites and its primitive cell 4"):
        parse_structure(text, StructureLimits(max_sites=3))


def test_few_atoms_and_many_operations_that_give_few_sites_are_accepted():
    text = cif(SYMMETRIC["perovskite"], symprec=0.01)
    assert text.count("x, y, z") <= 192
    assert len(parse_structure(text, StructureLimits(max_sites=100))) == 5


@pytest.mark.parametrize("distance", [0.02, 0.4])
def test_overlapping_sites_raise_and_are_named(distance):
    structure = Structure(
        Lattice.cubic(4),
        ["Cs", "O", "H"],
        [(0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5 + distance / 4)],
    )
    with pytest.raises(OverlappingSites, match=f"{distance:.2f} A apart"):
        parse_structure(cif(structure))


def pair(first: str, second: str, distance: float) -> Structure:
    positions = [(0.0, 0.0, 0.0), (distance / 6, 0.0, 0.0)]
    return Structure(Lattice.cubic(6), [first, second], positions)


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [("H", "H", 0.74), ("H", "O", 0.95), ("N", "N", 1.10), ("C", "O", 1.13), ("U", "O", 1.70)],
)
def test_the_shortest_bonds_known_do_not_overlap(first, second, distance):
    assert len(parse_structure(cif(pair(first, second, distance)))) == 2


@pytest.mark.parametrize(
    ("first", "second", "distance"), [("Na", "Na", 0.55), ("Na", "Cl", 1.2), ("Cs", "Cs", 2.3)]
)
def test_large_atoms_overlap_at_distances_that_small_ones_keep(first, second, distance):
    with pytest.raises(OverlappingSites, match=f"{distance:.2f} A apart"):
        check_structure(pair(first, second, distance))


@pytest.mark.parametrize(
    ("angles", "lengths"),
    [((0, 90, 90), (4, 4, 4)), ((90, 90, 180), (4, 4, 4)), ((90, 90, 90), (4, 0, 4))],
)
def test_a_cell_without_volume_raises(angles, lengths):
    lines = ["data_flat"]
    lines += [f"_cell_length_{axis} {value}" for axis, value in zip("abc", lengths, strict=True)]
    names = ("alpha", "beta", "gamma")
    lines += [f"_cell_angle_{name} {value}" for name, value in zip(names, angles, strict=True)]
    lines += ["loop_", "_atom_site_label", "_atom_site_fract_x", "_atom_site_fract_y"]
    lines += ["_atom_site_fract_z", "Na1 0 0 0", "Cl1 0.5 0.5 0.5"]
    with pytest.raises(StructureError):
        parse_structure("\n".join(lines))


def test_a_flat_structure_raises():
    flat = Structure([[4, 0, 0], [0, 4, 0], [4, 4, 0]], ["Na"], [[0, 0, 0]])
    with pytest.raises(UnreadableStructure, match="no volume"):
        check_structure(flat)


def one_atom(**changes: str) -> str:
    """Return a CIF of simple cubic polonium with some of its values replaced."""
    values = {f"_cell_length_{axis}": "3.35" for axis in "abc"}
    values |= {f"_cell_angle_{angle}": "90" for angle in ("alpha", "beta", "gamma")}
    values |= {f"_{name}": value for name, value in changes.items() if name.startswith("cell")}
    head = "\n".join(f"{name} {value}" for name, value in values.items())
    columns = "\n".join(f"_atom_site_{c}" for c in ("label", "fract_x", "fract_y", "fract_z"))
    return f"data_Po\n{head}\nloop_\n{columns}\n{changes.get('atoms', 'Po1 0 0 0')}\n"


def test_the_cif_that_the_hostile_ones_are_made_from_is_read():
    assert len(parse_structure(one_atom())) == 1


HOSTILE = {
    "long line": one_atom() + "_note '" + "a" * 900_000,
    "long number": one_atom(cell_length_a="3." + "1" * 900_000),
    "many digits in brackets": one_atom(cell_length_a="3.35(" + "1" * 500_000),
    "many quotes": one_atom() + "_note " + "'" * 900_000,
    "many brackets": one_atom() + "_note " + "(" * 900_000,
    "open text field": one_atom() + "_note\n;" + "\n" * 900_000,
    "many underscores": one_atom() + "_" * 900_000,
    "many loops": one_atom() + "loop_\n" * 150_000,
    "many columns": one_atom() + "loop_\n" + "_a\n" * 250_000 + "1\n",
    "many blocks": "data_a\n" * 140_000,
    "huge cell": one_atom(cell_length_a="1e300"),
    "infinite cell": one_atom(cell_length_a="inf"),
    "cell that is no number": one_atom(cell_length_a="nan"),
    "position that is no number": one_atom(atoms="Po1 nan 0 0"),
    "huge position": one_atom(atoms="Po1 1e300 0 0"),
    "thin cell": one_atom(cell_length_a="1e-8", cell_length_b="1e-8"),
    "many atoms": one_atom(
        atoms="\n".join(f"Po{i} {i / 30_000:.7f} 0 0" for i in range(30_000))
    ),
    "deep formula": one_atom() + "_chemical_formula_sum '" + "(" * 400_000 + ")" * 400_000 + "'\n",
    "code as a value": one_atom() + "_space_group_magn.transform_BNS_Pp_abc "
    "'a,b,[d for d in ().__class__.__mro__[1].__getattribute__(*[().__class__.__mro__[1]]+"
    "[\"__sub\" + \"classes__\"])()][0];0,0,0'\n_space_group_magn.number_BNS 62.448\n",
    "many operations": one_atom().replace(
        "loop_", "loop_\n_symmetry_equiv_pos_as_xyz\n" + "x,y,z\n" * 100_000 + "loop_"
    ),
}  # fmt: skip


HOSTILE["many operations on many atoms"] = HOSTILE["many operations"].replace(
    "Po1 0 0 0", "\n".join(f"Po{i} {i / 500:.4f} 0.1 0.2" for i in range(500))
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_ends_quickly_in_an_answer_or_an_error_of_ours(name):
    started = time.process_time()
    try:
        structure = parse_structure(HOSTILE[name])
    except ParaisiteError as error:
        assert len(str(error)) < 2000  # noqa: PT017  (an answer is as good as an error)
    else:
        assert len(structure) == 1
    assert time.process_time() - started < 5
