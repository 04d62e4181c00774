"""Every setting of every space group, by its symbols in the spellings that programs write."""

import gemmi
import numpy as np
import pytest

from models.errors import UnreadableStructure
from models.structure.cif import read_cif
from models.structure.cif.symmetry.symbols import named, number_beside, spelt
from models.structure.cif.symmetry.triplets import as_array

POSITION = np.array([0.1134567, 0.2245678, 0.3789012])
TRICLINIC = np.array([[50.4, 8.2, -8.4], [8.2, 68.9, -19.5], [-8.4, -19.5, 94.1]])  # A^2
NAMES = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
SETTINGS = list(gemmi.spacegroup_table())
CUBIC = (10.0, 10.0, 10.0, 90.0, 90.0, 90.0)


def cell_of(entry: gemmi.SpaceGroup) -> list[float]:
    """Return a cell with the metric of the group: the mean over its rotations of any other."""
    rotations = [np.array(o.rot) / gemmi.Op.DEN for o in entry.operations().sym_ops]
    metric = 4 * np.mean([r.T @ TRICLINIC @ r for r in rotations], axis=0)
    lengths = np.sqrt(np.diag(metric))
    cosines = [metric[i, j] / lengths[i] / lengths[j] for i, j in ((1, 2), (0, 2), (0, 1))]
    return [*lengths, *np.degrees(np.arccos(cosines))]


def cif(entry: str, cell, names=NAMES) -> str:
    lines = [f"_cell_{name} {value:.6f}" for name, value in zip(names, cell, strict=True)]
    atom = ["loop_", "_atom_site_label", *(f"_atom_site_fract_{axis}" for axis in "xyz")]
    place = "C1 " + " ".join(f"{value:.7f}" for value in POSITION)
    return "\n".join(["data_x", *lines, entry, *atom, place, ""])


def places(entry: str, cell) -> set[tuple[float, ...]]:
    structure, _ = read_cif(cif(entry, cell), 500)
    return {tuple(place) for place in np.round(structure.frac_coords % 1, 4)}


def marked(symbol: str, before: str, behind: str = "") -> str:
    parts = symbol.split()
    return " ".join(
        f"{part[0]}{before}{part[1]}{behind}{part[2:]}"
        if len(part) > 1 and part[:2].isdigit()
        else part
        for part in parts
    )


@pytest.mark.parametrize("group", SETTINGS, ids=gemmi.SpaceGroup.xhm)
def test_the_symbols_of_a_setting(group: gemmi.SpaceGroup):
    cell = cell_of(group)
    moved = [o[:, :3] @ POSITION + o[:, 3] for o in as_array(group.operations())]
    expected = {tuple(place) for place in np.round(np.array(moved) % 1, 4)}
    entries = [
        f"_space_group_name_Hall '{group.hall}'",
        f"_space_group_name_H-M_alt '{group.xhm()}'",
    ]
    if group.ext not in {"1", "2"}:  # else the origin is open
        entries += [
            f"_space_group_name_H-M_alt '{symbol}'"
            for symbol in (
                group.hm,
                group.hm.replace(" ", ""),
                group.hm.upper(),
                group.short_name(),
                marked(group.hm, "(", ")"),
                marked(group.hm, "(", ")").replace(" ", ""),
                marked(group.hm, "_"),
                f"{group.hm} (No. {group.number})",
            )
        ]
    for entry in entries:
        assert places(entry, cell) == expected, entry


@pytest.mark.parametrize(
    ("symbol", "setting"),
    [
        ("P n a 2(1)", "P n a 21"),
        ("P2(1)2(1)2(1)", "P 21 21 21"),
        ("P 2(1) 2(1) 2(1) (19)", "P 21 21 21"),
        ("P 2 (3)", "P 1 2 1"),
        ("P 2 (1)", "P 1 21 1"),
        ("P 1 (1)", "P 1"),
        ("P 4 (75)", "P 4"),
        ("P2<sub>1</sub>/c", "P 1 21/c 1"),
        ("P 2~1~/c", "P 1 21/c 1"),
        ("P $2_1/c$", "P 1 21/c 1"),
        ("P2\\u2081/c", "P 1 21/c 1"),
        ("P b c n", "P b c n"),
        ("C m c e", "C m c a"),
        ("A e m 2", "A b m 2"),
        ("F m 3bar m", "F m -3 m"),
        ("F m 3\\u0305 m", "F m -3 m"),
        ("P bar1", "P -1"),
        ("Pa3", "P a -3"),
        ("`F m -3 m`", "F m -3 m"),
    ],
)
def test_spellings_of_journals(symbol, setting):
    name, _ = spelt(symbol)
    assert setting in {entry.hm for entry in named(name)}


def test_a_number_behind_a_symbol_is_no_screw_axis():
    assert number_beside("P 2 (3)") == "3"
    assert number_beside("P n a 2(1)") == ""


@pytest.mark.parametrize(("symbol", "count"), [("O_h^5", 192), ("-F 4 2 3", 192), ("Oh1", 48)])
def test_other_symbols_in_the_place_of_a_hermann_mauguin_symbol(symbol, count):
    assert len(places(f"_symmetry_space_group_name_H-M '{symbol}'", CUBIC)) == count


def test_a_cell_choice_behind_the_symbol():
    cell = (5.0, 6.0, 7.0, 90.0, 100.0, 90.0)
    as_named = places("_space_group_name_H-M_alt 'P 1 21/n 1'", cell)
    assert places("_space_group_name_H-M_alt 'P 1 21/n 1:b2'", cell) == as_named


@pytest.mark.parametrize("tag", ["_cell_space_group", "_crystal_space_group_name"])
def test_a_space_group_in_an_entry_of_another_name_is_not_left_out(tag):
    assert len(places(f"{tag} 'F m -3 m'", CUBIC)) == 192
    with pytest.raises(UnreadableStructure, match="not known"):
        places(f"{tag} 'no symbol'", CUBIC)


def test_a_number_without_its_setting_is_said_to_be_read_as_the_standard_one():
    cell = (10.0, 11.0, 12.0, 90.0, 90.0, 90.0)
    _, warnings = read_cif(cif("_space_group_IT_number 62", cell), 500)
    assert "setting of space group 62 is not given" in " ".join(warnings)
