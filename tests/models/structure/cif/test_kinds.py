"""Kinds of faults of real CIFs: read rightly, or refused with the reason; never another crystal."""

import pytest

from models.errors import (
    DisorderedStructure,
    NoStructure,
    StructureError,
    UnreadableStructure,
    UnsupportedElement,
)
from models.structure.read import read_structure

COLUMNS = "label type_symbol fract_x fract_y fract_z"
LABELS = "label fract_x fract_y fract_z"
NAMES = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
CUBIC = (4.21, 4.21, 4.21, 90, 90, 90)
HEXAGONAL = (3.25, 3.25, 5.207, 90, 90, 120)
GERMANIUM = (5.66, 5.66, 5.66, 90, 90, 90)
MAGNESIA = ("Mg1 Mg 0 0 0", "O1 O 0.5 0.5 0.5")
SYMBOL = "_symmetry_space_group_name_H-M"
ZIRCONIA = ("Zr1 Zr 0.276 0.041 0.208", "O1 O 0.07 0.332 0.345", "O2 O 0.45 0.757 0.479")
MAGNETIC = "_space_group_symop_magn_operation.xyz"
CUBIC_GROUP = f"{SYMBOL} 'F m -3 m'"
PLAIN_GROUP = f"{SYMBOL} 'P 1'"
CENTRED = ("x,y,z", "x,y+1/2,z+1/2", "x+1/2,y,z+1/2", "x+1/2,y+1/2,z")


def cif(*rows: str, extra: str = "", cell=CUBIC, columns: str = COLUMNS) -> str:
    lines = ["data_x", *(f"_cell_{n} {v}" for n, v in zip(NAMES, cell, strict=True)), extra]
    lines += ["loop_", *(f"_atom_site_{column}" for column in columns.split()), *rows, ""]
    return "\n".join(lines)


def operations(*triplets: str, tag: str = "_space_group_symop_operation_xyz") -> str:
    return "\n".join(["loop_", tag, *triplets])


def formula(text: str) -> str:
    structure = read_structure(text).structure
    return structure.composition.formula.replace(" ", "")


def warnings(text: str) -> str:
    return " ".join(read_structure(text).warnings)


@pytest.mark.parametrize(
    "symbol",
    ["F m -3 m", "Fm-3m", "F 4/m -3 2/m", "F m 3 m", "FM-3M", "Fm-3m (No. 225)", "F m 3 m (225)"],
)
def test_spellings_of_a_symbol(symbol):
    assert formula(cif(*MAGNESIA, extra=f"{SYMBOL} '{symbol}'")) == "Mg4O4"


@pytest.mark.parametrize(
    "entry",
    [
        "_space_group.name_H-M_alt 'F m -3 m'",
        "_symmetry_space_group_name_H_M 'F m -3 m'",
        "_symmetry_space_group 'F m -3 m'",
        "_SPACE_GROUP_NAME_H-M_FULL 'F 4/m -3 2/m'",
        "_space_group.IT_number 225",
        "_spacegroup_number 225",
        "_space_group_name_Schoenflies O_h^5",
        "_symmetry_space_group_name_Hall 'no symbol'\n_symmetry_Int_Tables_number 225",
        f"{SYMBOL} 'no symbol'\n_symmetry_Int_Tables_number 225",
    ],
)
def test_spellings_of_a_tag_and_sources_that_fall_back_on_each_other(entry):
    assert formula(cif(*MAGNESIA, extra=entry)) == "Mg4O4"


@pytest.mark.parametrize("symbol", ["P6(3)mc", "P 6_3 m c", "P63MC", "P 63 m c"])
def test_screw_axes(symbol):
    rows = ("Zn1 Zn 0.33333(4) 0.66667 0", "O1 O 0.33333 0.66667 0.382")
    assert formula(cif(*rows, extra=f"{SYMBOL} '{symbol}'", cell=HEXAGONAL)) == "Zn2O2"


@pytest.mark.parametrize(
    ("symbol", "cell", "count"),
    [
        ("R -3 m", (4.38, 4.38, 30.5, 90, 90, 120), "Bi3"),
        ("R -3 m H", (4.38, 4.38, 30.5, 90, 90, 120), "Bi3"),
        ("R-3mRS", (4.75, 4.75, 4.75, 57.2, 57.2, 57.2), "Bi1"),
        ("R -3 m", (4.75, 4.75, 4.75, 57.2, 57.2, 57.2), "Bi1"),
    ],
)
def test_settings_of_rhombohedral_groups(symbol, cell, count):
    assert formula(cif("Bi1 Bi 0 0 0", extra=f"{SYMBOL} '{symbol}'", cell=cell)) == count


@pytest.mark.parametrize(
    ("place", "symbol"),
    [("0 0 0", "F d -3 m S"), ("0.125 0.125 0.125", "F d -3 m Z"), ("0 0 0", "Fd-3m (origin 1)")],
)
def test_settings_of_two_origins(place, symbol):
    text = cif(f"Ge1 Ge {place}", extra=f"{SYMBOL} '{symbol}'", cell=GERMANIUM)
    assert formula(text) == "Ge8"


@pytest.mark.parametrize("place", ["0 0 0", "0.125 0.125 0.125"])
def test_formula_and_z_choose_the_origin(place):
    known = "_chemical_formula_sum Ge\n_cell_formula_units_Z 8\n"
    text = cif(f"Ge1 Ge {place}", extra=f"{known}{SYMBOL} Fd-3m", cell=GERMANIUM)
    assert formula(text) == "Ge8"
    assert "Origin choice" in warnings(text)


@pytest.mark.parametrize("units", ["0.5", "0.4", "1e-320", "1e-5", "1e300", "0", "-4"])
@pytest.mark.parametrize("known", ["Mg4 O4", "Mg O", "Mg1" + "0" * 400 + " O"])
def test_a_formula_or_z_that_makes_no_sense_is_no_fault_of_the_service(units, known):
    entry = f"_chemical_formula_sum '{known}'\n_cell_formula_units_Z {units}\n{SYMBOL} Fm-3m"
    text = cif(*MAGNESIA, extra=entry)
    try:
        assert formula(text) == "Mg4O4"
    except UnreadableStructure as error:
        assert float(units) > 0
        assert "_cell_formula_units_Z says" in str(error)  # noqa: PT017


def test_half_a_formula_unit_in_the_cell():
    entry = f"_chemical_formula_sum 'Mg8 O8'\n_cell_formula_units_Z 0.5\n{SYMBOL} Fm-3m"
    assert warnings(cif(*MAGNESIA, extra=entry)) == ""


def test_the_cell_tells_the_unique_axis():
    rows = ("Hf1 Hf 0.28 0.04 0.21", "O1 O 0.07 0.33 0.34", "O2 O 0.45 0.76 0.48")
    first = cif(*rows, extra=f"{SYMBOL} 'P 1 1 21/a'", cell=(5.29, 5.12, 5.18, 90, 90, 99.2))
    text = first.replace("P 1 1 21/a", "P 21/a")
    try:
        expected = formula(first)
    except StructureError as error:
        with pytest.raises(type(error)):
            formula(text)
    else:
        assert formula(text) == expected == "Hf4O8"


@pytest.mark.parametrize(
    "entry", ["_symmetry_of_my_own 'a b c'", "_space_group_Laue_class 'm -3 m'"]
)
def test_a_symmetry_entry_that_is_not_known_is_not_taken_for_none(entry):
    with pytest.raises(UnreadableStructure, match="symmetry entries"):
        formula(cif(*MAGNESIA, extra=entry))


def test_no_symmetry_at_all_is_said():
    assert "states no symmetry" in warnings(cif(*MAGNESIA))
    with pytest.raises(UnreadableStructure, match="cubic but has neither"):
        formula(cif(*MAGNESIA, extra="_symmetry_cell_setting cubic"))


def test_a_list_without_its_centring_is_completed_and_that_is_said():
    listed = operations("x,y,z", "-x,-y,-z", "-x,y,-z+1/2", "x,-y,z+1/2")
    rows = ("Cu1 Cu 0.25 0.25 0", "O1 O 0 0.4184 0.25")
    text = cif(*rows, extra=f"{SYMBOL} 'C 2/c'\n{listed}", cell=(4.68, 3.42, 5.13, 90, 99.5, 90))
    assert formula(text) == "Cu4O4"
    assert "4 of the 8" in warnings(text)


def test_the_identity_alone_beside_a_space_group():
    group = f"{CUBIC_GROUP}\n{operations('x,y,z')}\n"
    with pytest.raises(UnreadableStructure, match=r"lists 1 symmetry operations .* has 192"):
        formula(cif(*MAGNESIA, extra=group))
    known = "_chemical_formula_sum 'Mg O'\n_cell_formula_units_Z 4"
    assert formula(cif(*MAGNESIA, extra=group + known)) == "Mg4O4"


def test_the_identity_alone_beside_all_atoms():
    shifts = ((0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0))
    rows = [f"Mg{i} Mg {x} {y} {z}" for i, (x, y, z) in enumerate(shifts)]
    rows += [f"O{i} O {0.5 - x} {0.5 - y} {0.5 - z}" for i, (x, y, z) in enumerate(shifts)]
    assert formula(cif(*rows, extra=f"{CUBIC_GROUP}\n{operations('x,y,z')}\n")) == "Mg4O4"


@pytest.mark.parametrize("is_numbered", [False, True])
def test_operations_with_spaces_but_no_quotes(is_numbered):
    group = [t.replace(",", ", ") for t in CENTRED]
    tags = ["_symmetry_equiv_pos_site_id"] if is_numbered else []
    rows = [f"{n} {t}" if is_numbered else t for n, t in enumerate(group, 1)]
    listed = "\n".join(["loop_", *tags, "_symmetry_equiv_pos_as_xyz", *rows])
    assert formula(cif(*MAGNESIA, extra=listed)) == "Mg4O4"


def test_operations_are_a_group_with_the_identity_that_is_not_listed():
    translations = operations(*CENTRED[1:])
    assert formula(cif(*MAGNESIA, extra=translations)) == "Mg4O4"
    known = f"_chemical_formula_sum 'Mg O'\n{translations}"
    assert formula(cif(*MAGNESIA, extra=known)) == "Mg4O4"
    centring = operations("x+1/2,y+1/2,z,+1", tag=MAGNETIC.replace("operation", "centering"))
    magnetic = f"{operations('-x,-y,-z,+1', tag=MAGNETIC)}\n{centring}"
    assert formula(cif(*MAGNESIA, extra=magnetic)) == "Mg2O2"


def test_a_missing_operation_is_named():
    group = f"{SYMBOL} 'P -1'\n{operations('x,y,z')}"
    with pytest.raises(UnreadableStructure, match=r"such as -x,-y,-z;"):
        formula(cif(*ZIRCONIA, extra=group, cell=(5.1, 5.2, 5.3, 80, 81, 82)))


TETRAGONAL = operations(
    "x,y,z", "-x,-y,z", "-y,x,z", "y,-x,z", "x,-y,z", "-x,y,z", "-y,-x,z", "y,x,z"
)
TITANATE = ("Ba1 Ba 0 0 0", "Ti1 Ti 0.5 0.5 0.52", "O1 O 0.5 0.5 0", "O2 O 0.5 0 0.5")
NEARLY_CUBIC = (4.0, 4.0, 4.02, 90, 90, 90)


def test_operations_that_are_a_whole_group_are_not_completed_to_that_of_the_parent():
    text = cif(*TITANATE, extra=f"{SYMBOL} 'P m -3 m'\n{TETRAGONAL}", cell=NEARLY_CUBIC)
    with pytest.raises(UnreadableStructure, match="lists 8 symmetry operations but P m -3 m"):
        formula(text)


@pytest.mark.parametrize("tag", ["_parent_space_group.name_H-M_alt", "_space_group_name_H-M_ref"])
def test_the_group_of_another_phase_or_setting_is_not_the_crystals(tag):
    text = cif(*TITANATE, extra=f"{tag} 'P m -3 m'\n{TETRAGONAL}", cell=NEARLY_CUBIC)
    assert formula(text) == "Ba1Ti1O3"
    with pytest.raises(UnreadableStructure, match="symmetry entries that are not known"):
        formula(cif(*TITANATE, extra=f"{tag} 'P m -3 m'", cell=NEARLY_CUBIC))


@pytest.mark.parametrize(
    "extra",
    [
        "_space_group_name_Hall '-P 2ybc'\n_space_group_name_H-M_alt 'P 1 21/n 1'",
        "_symmetry_space_group_name_H-M 'P 21/c'\n_space_group_name_H-M_alt 'P 1 21/n 1'",
    ],
)
def test_two_settings_of_a_group_are_refused_where_the_formula_does_not_decide(extra):
    text = cif(*ZIRCONIA, extra=extra, cell=(5.1, 5.2, 5.3, 90, 99, 90))
    with pytest.raises(UnreadableStructure, match="states two settings"):
        formula(text)


def test_the_formula_decides_between_two_settings():
    both = "_space_group_name_Hall '-F 4vw 2vw 3'\n_space_group_name_H-M_alt 'F d -3 m :1'"
    known = f"_chemical_formula_sum Ge\n_cell_formula_units_Z 8\n{both}"
    text = cif("Ge1 Ge 0.125 0.125 0.125", extra=known, cell=GERMANIUM)
    assert formula(text) == "Ge8"
    assert "Setting 1" in warnings(text)


def test_operations_that_are_no_group_are_refused():
    with pytest.raises(UnreadableStructure, match="no group"):
        formula(cif(*MAGNESIA, extra=operations("x,y,z", "-y,x,z")))


@pytest.mark.parametrize(
    "tag",
    [
        "_symmetry_equiv_pos_as_xyz",
        "_space_group_symop.operation_xyz",
        "_symmetry_equiv.pos_as_xyz",
    ],
)
def test_tags_of_operations(tag):
    assert formula(cif(*MAGNESIA, extra=operations(*CENTRED, tag=tag))) == "Mg4O4"


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (f"{SYMBOL} 'F -4 3 m'\n_symmetry_Int_Tables_number 225", "different space groups"),
        (f"{CUBIC_GROUP}\n_cell_volume 99.5", "_cell_volume says 99.5"),
        (f"{CUBIC_GROUP}\n_chemical_formula_sum 'Mg O2'", "not in the ratio"),
        (f"{CUBIC_GROUP}\n_chemical_formula_sum 'Mg F'", "formula Mg F has F"),
        (f"{PLAIN_GROUP}\n_cell_formula_units_Z 4\n_chemical_formula_sum 'Mg O'", "Z says 4"),
        ("_cell_modulation_dimension 1", "modulated"),
        ("loop_\n_cell_wave_vector_seq_id\n_cell_wave_vector_x\n1 0.3", "modulated"),
        ("_space_group_magn.name_BNS 'P_I4/nnc'", "lists no operations"),
        (f"{SYMBOL} 'R -3 m R'\n_cell_length_a 5.0", "_cell_length_a twice"),
    ],
)
def test_contradictions_are_refused(extra, words):
    with pytest.raises(UnreadableStructure, match=words):
        formula(cif(*MAGNESIA, extra=extra))


def test_a_cell_that_is_not_of_the_stated_system():
    long = (4.21, 4.21, 4.9, 90, 90, 90)
    with pytest.raises(UnreadableStructure, match="calls the crystal cubic"):
        formula(cif(*MAGNESIA, extra=f"_symmetry_cell_setting cubic\n{PLAIN_GROUP}", cell=long))


@pytest.mark.parametrize(
    "known",
    ["Mg (O H)2", "Mg(OH)2", "Mg [O H]2", "Mg O . H2 O", "Mg O, H2O", "MG O2 H2", "(Mg.9 Fe.1) O2"],
)
def test_a_formula_is_compared_however_it_is_written(known):
    entry = f"_chemical_formula_sum '{known}'\n{PLAIN_GROUP}"
    with pytest.raises(UnreadableStructure, match=r"has (H|Fe), but no site does"):
        formula(cif("Mg1 Mg 0 0 0", "O1 O 0.3 0.6 0.2", "O2 O 0.6 0.3 0.8", extra=entry))


@pytest.mark.parametrize("tag", ["structural", "moiety"])
def test_another_formula_stands_for_a_sum_that_is_not_given(tag):
    entry = f"_chemical_formula_{tag} 'Mg (O H)2'\n{CUBIC_GROUP}"
    with pytest.raises(UnreadableStructure, match="has H, but no site does"):
        formula(cif(*MAGNESIA, extra=entry))
    name = f"_chemical_formula_{tag} 'rock salt'\n{CUBIC_GROUP}"
    assert warnings(cif(*MAGNESIA, extra=name)) == ""


@pytest.mark.parametrize("known", ["Mg2+ O2-", "magnesia", "SI O2"])
def test_a_formula_that_cannot_be_read_is_said(known):
    entry = f"_chemical_formula_sum '{known}'\n{CUBIC_GROUP}"
    assert "cannot be read; it is not compared" in warnings(cif(*MAGNESIA, extra=entry))


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("_cell_volume 73.5", "_cell_volume says 73.5"),
        ("_chemical_formula_sum 'Mg O'\n_cell_formula_units_Z 3", "Z says 3"),
        ("_symmetry_cell_setting tetragonal", "calls the crystal tetragonal"),
    ],
)
def test_doubts_are_warnings(extra, words):
    assert words in warnings(cif(*MAGNESIA, extra=f"{extra}\n{CUBIC_GROUP}"))


@pytest.mark.parametrize(
    ("label", "known", "expected"),
    [
        ("HO1", "H O", "H1O1"),
        ("Ho1", "", "Ho1O1"),
        ("CA1", "Ca O", "Ca1O1"),
        ("CA1", "C O", "C1O1"),
        ("CO1", "Co O", "Co1O1"),
        ("CO1", "C O", "C1O1"),
        ("W1", "W O", "W1O1"),
        ("7Li1", "", "Li1O1"),
        ("NA1", "", "Na1O1"),
        ("D1", "", "H1O1"),
        ("Fe2+", "", "Fe1O1"),
    ],
)
def test_labels_are_resolved_with_the_formula(label, known, expected):
    extra = PLAIN_GROUP + (f"\n_chemical_formula_sum '{known}'" if known else "")
    assert formula(cif(f"{label} 0 0 0", "O1 .5 .5 .5", extra=extra, columns=LABELS)) == expected


@pytest.mark.parametrize(
    ("labels", "known", "words"),
    [
        (("HO1", "O1"), "", "may be Ho or H"),
        (("CA1", "C2"), "", "may be Ca or C"),
        (("W1", "O1"), "", "tungsten or the oxygen of water"),
        (("W1", "O1"), "H2 O2", "oxygen of water"),
        (("OW1", "Na1"), "", "hydrogen"),
        (("OH1", "Na1"), "H Na O", "has H, but no site"),
    ],
)
def test_labels_that_may_be_two_elements_are_refused(labels, known, words):
    extra = PLAIN_GROUP + (f"\n_chemical_formula_sum '{known}'" if known else "")
    rows = (f"{labels[0]} 0 0 0", f"{labels[1]} .5 .5 .5")
    with pytest.raises(UnreadableStructure, match=words):
        formula(cif(*rows, extra=extra, columns=LABELS))


@pytest.mark.parametrize(
    ("symbol", "element"),
    [("7Li", "Li"), ("Li_7", "Li"), ("Sival", "Si"), ("Cv", "C"), ("Na0+", "Na"), ("Fe3+.", "Fe")],
)
def test_spellings_of_a_type_symbol(symbol, element):
    assert formula(cif(f"A1 {symbol} 0 0 0", extra=PLAIN_GROUP)) == f"{element}1"


@pytest.mark.parametrize("digits", [2, 3, 4, 5])
def test_rounded_coordinates_snap_to_their_special_position(digits):
    third, rest = f"{1 / 3:.{digits}f}", f"{2 / 3:.{digits}f}"
    rows = (f"Zn1 Zn {third} {rest} 0", f"O1 O {third} {rest} 0.382")
    text = cif(*rows, extra=f"{SYMBOL} 'P 63 m c'", cell=HEXAGONAL)
    structure = read_structure(text).structure
    assert len(structure) == 4
    assert sorted(structure.frac_coords[:, 0] % 1) == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert ("Moved to the special positions" in warnings(text)) == (digits == 2)


def test_atoms_on_both_sides_of_the_boundary_are_one():
    rows = [*MAGNESIA, "Mg2 Mg 1 0 0", "Mg3 Mg 1.000 1.0 0", "O2 O 0.5 0.5 -0.5"]
    text = cif(*rows, extra=PLAIN_GROUP, cell=(2.6, 2.6, 2.6, 90, 90, 90))
    assert formula(text) == "Mg1O1"
    assert "Mg2, Mg3, O2" in warnings(text)


def test_one_broken_block_does_not_lose_the_others():
    broken = "data_pattern\nloop_\n_pd_a\n_pd_b\n1 2 3\n"
    good = cif(*MAGNESIA, extra=CUBIC_GROUP)
    inside = broken.split("\n", 1)[1]
    for text in (broken + good, good + broken, good.replace("loop_", f"{inside}loop_", 1)):
        assert formula(text) == "Mg4O4"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("data_x", "data_x y z"),
        (CUBIC_GROUP, f"{SYMBOL} F m -3 m"),
        ("data_x\n", ""),
        ("data_x", "data_a\n_note '''b\nc's'''\ndata_x"),
        (" 0 0 0", "\u00a00 0 0"),
        ("data_x", "data_a\n\ufeffdata_x"),
        ("_cell_angle_beta 90\n", ""),
        ("0.5 0.5 0.5", "1/2 1/2 1/2"),
    ],
)
def test_slips_that_leave_the_meaning_plain(old, new):
    assert formula(cif(*MAGNESIA, extra=CUBIC_GROUP).replace(old, new)) == "Mg4O4"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Mg1 Mg 0 0 0", "Mg1 Mg 0 0", "loop at line 9, column .*too few"),
        ("0 0 0", "0,5 0 0", "decimals need a point"),
        ("0 0 0", "0.½ 0 0", "0.½"),
        ("_cell_length_a 4.21", "_cell_length_a ?", "no _cell_length_a"),
        ("_cell_length_a 4.21", "_cell_length_a '4.2", "line 2"),
    ],
)
def test_errors_name_the_place_and_the_words(old, new, words):
    with pytest.raises(UnreadableStructure, match=words):
        formula(cif(*MAGNESIA, extra=CUBIC_GROUP).replace(old, new))


def test_angles_that_are_not_given_are_said_to_be_assumed():
    text = cif(*MAGNESIA, extra=CUBIC_GROUP).replace("_cell_angle_beta 90\n", "")
    assert "_cell_angle_beta not given" in warnings(text)


def test_blocks_that_are_no_one_crystal():
    first, other = cif(*MAGNESIA), cif("Mg1 Mg 0 0 0")
    assert formula(first + first.replace("data_x", "data_y")) == "Mg1O1"
    with pytest.raises(StructureError, match="2 structures"):
        formula(first + other.replace("data_x", "data_y"))
    atoms = first[first.index("loop_") :]
    with pytest.raises(NoStructure, match="has atoms but no cell"):
        formula(first.split("loop_", maxsplit=1)[0] + "data_atoms\n" + atoms)


@pytest.mark.parametrize(
    ("rows", "kind", "words"),
    [
        (
            ("M1 Mg 0 0 0 0.6", "M1 Fe 0 0 0 0.4"),
            DisorderedStructure,
            r"M1 at 0, 0, 0 \(Mg 0.6, Fe 0.4",
        ),
        (("M1 Mg 0 0 0 1.7",), UnreadableStructure, "occupancy of 1.7"),
        (("M1 Xx 0 0 0 1",), UnsupportedElement, "'Xx'"),
        (("M1 OH 0 0 0 1",), UnreadableStructure, "hydrogen"),
    ],
)
def test_errors_name_the_site_and_its_occupants(rows, kind, words):
    with pytest.raises(kind, match=words):
        formula(cif(*rows, columns=f"{COLUMNS} occupancy"))


@pytest.mark.parametrize("written", ["0.998(4)", "1.003(4)"])
def test_an_occupancy_within_its_uncertainty_of_one_is_full(written):
    assert formula(cif(f"Mg1 Mg 0 0 0 {written}", columns=f"{COLUMNS} occupancy")) == "Mg1"


def test_occupancies_of_some_atoms_only_are_not_left_out():
    others = f"{CUBIC_GROUP}\nloop_\n_atom_site_label\n_atom_site_occupancy\nMg1 0.5"
    with pytest.raises(UnreadableStructure, match="1 occupancies for 2 atoms"):
        formula(cif(*MAGNESIA, extra=others))


@pytest.mark.parametrize("label", ["Wat1", "OW", "OH1"])
def test_water_is_known_by_its_label_where_the_type_is_oxygen(label):
    rows = ("Mg1 Mg 0 0 0", f"{label} O 0.5 0.5 0.5")
    with pytest.raises(UnreadableStructure, match="hydrogen atoms that are not listed"):
        formula(cif(*rows, extra=CUBIC_GROUP))
    known = f"_chemical_formula_sum 'Mg O'\n{CUBIC_GROUP}"
    assert formula(cif(*rows, extra=known)) == "Mg4O4"
    assert formula(cif("W1 W 0 0 0", rows[1], extra=CUBIC_GROUP)) == "W4O4"


@pytest.mark.parametrize("symbol", ["CO3", "PO4", "NH4", "NH4+", "NO3", "CN", "SO42-"])
def test_a_group_of_atoms_is_no_element(symbol):
    with pytest.raises(UnreadableStructure, match="stands for a group of atoms"):
        formula(cif("Ca1 Ca 0 0 0", f"A1 {symbol} 0.5 0.5 0.5", extra=CUBIC_GROUP))


@pytest.mark.parametrize("label", ["AlSi1", "FeMg", "Ca-Sr"])
def test_a_label_of_two_cations_is_not_the_first_of_them(label):
    with pytest.raises(UnreadableStructure, match="may be shared by two elements"):
        formula(cif(f"{label} 0 0 0", "O1 0.5 0.5 0.5", columns=LABELS, extra=PLAIN_GROUP))


@pytest.mark.parametrize(("label", "symbol"), [("SiT1", "Si"), ("NaM4", "Na"), ("OCo", "O")])
def test_a_label_may_name_its_kind_of_site_or_a_neighbor(label, symbol):
    rows = (f"{label} 0 0 0", "F1 0.5 0.5 0.5")
    assert formula(cif(*rows, columns=LABELS, extra=PLAIN_GROUP)) == f"{symbol}1F1"


def test_the_label_of_ammonium_is_no_element():
    with pytest.raises(UnreadableStructure, match="stands for a group of atoms"):
        formula(cif("NH4 0 0 0", "Cl1 0.5 0.5 0.5", columns=LABELS, extra=PLAIN_GROUP))


def test_a_magnetic_file_is_read_for_its_nuclear_part():
    moments = "loop_\n_atom_site_moment_label\n_atom_site_moment_crystalaxis_x\nMg1 1.0"
    text = cif(*MAGNESIA, extra=f"{CUBIC_GROUP}\n{moments}")
    assert formula(text) == "Mg4O4"
    assert "without magnetic moments" in warnings(text)
