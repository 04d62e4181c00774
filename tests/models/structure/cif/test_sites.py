"""Sites, cells and densities that a CIF states: what is doubtful is refused or said."""

import pytest

from models.errors import DisorderedStructure, StructureError, UnreadableStructure
from models.structure.read import read_structure
from tests.models.structure.cif.test_kinds import (
    COLUMNS,
    CUBIC_GROUP,
    LABELS,
    MAGNESIA,
    PLAIN_GROUP,
    cif,
    formula,
    warnings,
)

GROUPS = f"{COLUMNS} disorder_assembly disorder_group"
DENSITY = 3.588  # g/cm^3 of magnesia


@pytest.mark.parametrize("label", ["T1", "TO", "X1", "M1", "A"])
def test_the_name_of_a_site_is_no_element(label):
    with pytest.raises(StructureError, match="not of a known element"):
        read_structure(cif(f"{label} 0 0 0", "O1 .5 .5 .5", extra=PLAIN_GROUP, columns=LABELS))


@pytest.mark.parametrize("symbol", ["Mg(II)", "Mg^2+^", "Mg 2+", "Mg2+", "MG", "mg+2"])
def test_oxidation_states_behind_a_symbol(symbol):
    rows = (f"Mg1 '{symbol}' 0 0 0", "O1 O .5 .5 .5")
    assert formula(cif(*rows, extra=CUBIC_GROUP)) == "Mg4O4"


def test_alternatives_without_occupancies_are_disorder():
    rows = ("Mg1 Mg 0 0 0 . .", "O1 O .5 .5 .4 A 1", "O2 O .5 .5 .9 A 2")
    with pytest.raises(DisorderedStructure, match="O1, O2 are alternatives"):
        read_structure(cif(*rows, extra=PLAIN_GROUP, columns=GROUPS))


@pytest.mark.parametrize("groups", [("1", "1"), (".", "-1"), ("0", "1"), ("?", "?")])
def test_one_group_alone_is_no_disorder(groups):
    rows = [f"{row} . {group}" for row, group in zip(MAGNESIA, groups, strict=True)]
    assert formula(cif(*rows, extra=CUBIC_GROUP, columns=GROUPS)) == "Mg4O4"


def test_stated_occupancies_go_before_groups():
    rows = ("Mg1 Mg 0 0 0 A 1 1", "O1 O .5 .5 .5 A 2 1")
    assert formula(cif(*rows, extra=CUBIC_GROUP, columns=f"{GROUPS} occupancy")) == "Mg4O4"


@pytest.mark.parametrize("place", ["500 500 500", "0 0 -1250(3)"])
def test_positions_are_fractions(place):
    with pytest.raises(UnreadableStructure, match="fractions of the cell"):
        read_structure(cif(MAGNESIA[0], f"O1 O {place}", extra=CUBIC_GROUP))


@pytest.mark.parametrize(
    "length", ["4.21 \u00c5", "4.21(3) A", "'4.21 Angstrom'", "4.21\u00b10.03", "4.21(3)"]
)
def test_a_unit_or_uncertainty_behind_a_length(length):
    text = cif(*MAGNESIA, extra=CUBIC_GROUP)
    structure = read_structure(text.replace("length_b 4.21", f"length_b {length}")).structure
    assert structure.lattice.b == pytest.approx(4.21)


@pytest.mark.parametrize("length", ["4.21 nm", "4,21", "about 4"])
def test_another_unit_is_refused(length):
    text = cif(*MAGNESIA, extra=CUBIC_GROUP)
    with pytest.raises(UnreadableStructure, match="_cell_length_b"):
        read_structure(text.replace("length_b 4.21", f"length_b {length}"))


def test_cells_in_a_loop():
    names = [f"_cell_length_{axis}" for axis in "abc"]
    one = "\n".join(["loop_", *names, "4.21 4.21 4.21"])
    text = "\n".join(
        line for line in cif(*MAGNESIA, extra=CUBIC_GROUP).split("\n") if "length" not in line
    )
    assert formula(text.replace("data_x", f"data_x\n{one}")) == "Mg4O4"
    with pytest.raises(UnreadableStructure, match="several values"):
        read_structure(text.replace("data_x", f"data_x\n{one}\n4.25 4.25 4.25"))


def test_a_density_that_shows_that_atoms_are_missing():
    stated = f"_exptl_crystal_density_diffrn {DENSITY}"
    whole = cif(*MAGNESIA, extra=f"{CUBIC_GROUP}\n{stated}")
    assert warnings(whole) == ""
    with pytest.raises(UnreadableStructure, match=r"says 3\.588"):  # without its symmetry
        read_structure(cif(*MAGNESIA, extra=f"{PLAIN_GROUP}\n{stated}"))


@pytest.mark.parametrize(
    ("density", "extra", "said"),
    [
        (4.2, "", True),
        (9.0, "\n_chemical_formula_sum 'Mg O'\n_cell_formula_units_Z 4", True),
        (DENSITY, "", False),
        (3.4, "", False),
        ("?", "", False),
    ],
)
def test_a_density_that_differs_is_said(density, extra, said):
    text = cif(*MAGNESIA, extra=f"{CUBIC_GROUP}\n_exptl_crystal_density_diffrn {density}{extra}")
    assert ("density is 3.59" in warnings(text)) == said
    assert formula(text) == "Mg4O4"


@pytest.mark.parametrize("character", ["\x1a", "\x0b", "\x0c", "\0"])
def test_control_characters_are_spaces(character):
    assert formula(cif(*MAGNESIA, extra=f"{CUBIC_GROUP}{character}") + character) == "Mg4O4"


SHARED = f"{COLUMNS} occupancy"


@pytest.mark.parametrize(
    ("symbols", "shares"),
    [(("Mg2+", "Mg1+"), ("0.5", "0.5")), (("Mg", "MG2+"), ("0.333", "0.667(2)"))],
)
def test_a_site_shared_by_one_element_is_full(symbols, shares):
    rows = [
        f"Mg{n} {symbol} 0 0 0 {share}"
        for n, (symbol, share) in enumerate(zip(symbols, shares, strict=True))
    ]
    assert formula(cif(*rows, "O1 O .5 .5 .5 1", extra=CUBIC_GROUP, columns=SHARED)) == "Mg4O4"


def test_isotopes_share_a_site():
    rows = ("Li1 Li 0 0 0 1", "H1 H .5 .5 .5 0.3", "D1 D .5 .5 .5 0.7")
    text = cif(*rows, extra=CUBIC_GROUP, columns=SHARED)
    assert formula(text) == "Li4H4"
    assert read_structure(text).warnings == ("Isotopes, which count as their element: D1.",)


@pytest.mark.parametrize(
    ("symbol", "is_told"), [("D", True), ("2H", True), ("D1+", True), ("H", False), ("H1-", False)]
)
def test_isotopes_are_told(symbol, is_told):
    text = cif("Li1 Li 0 0 0 1", f"X1 {symbol} .5 .5 .5 1", extra=CUBIC_GROUP, columns=SHARED)
    assert formula(text) == "Li4H4"
    assert ("Isotopes, which count as their element: X1." in warnings(text)) == is_told


@pytest.mark.parametrize(
    ("first", "second"),
    [("Mg2+ 0 0 0 0.5", "Mg1+ 0 0 0 0.4"), ("Mg 0 0 0 0.5", "Mg 0.02 0 0 0.5"),
     ("Mg 0 0 0 0.5", "Mn 0 0 0 0.5")],
)  # fmt: skip
def test_other_shared_sites_are_disorder(first, second):
    rows = (f"M1 {first}", f"M2 {second}", "O1 O .5 .5 .5 1")
    with pytest.raises(DisorderedStructure, match="partly occupied or mixed"):
        read_structure(cif(*rows, extra=CUBIC_GROUP, columns=SHARED))


def test_a_site_left_out_for_its_occupancy_is_told():
    rows = [f"{row} 1" for row in MAGNESIA]
    text = cif(*rows, "O9 O .25 .25 .25 0", extra=CUBIC_GROUP, columns=f"{COLUMNS} occupancy")
    assert formula(text) == "Mg4O4"
    assert "Left out for their occupancy of 0: O9." in warnings(text)
