"""From POSCAR text to a structure."""

import re

import pytest
from pymatgen.core import Structure
from pymatgen.io.vasp import Poscar

from models.errors import (
    SeveralStructures,
    StructureError,
    StructureTooLarge,
    UnreadableStructure,
    UnsupportedElement,
)
from models.structure.checks import StructureLimits
from models.structure.forms.poscar import is_poscar
from models.structure.read import parse_structure, read_structure

ROCKSALT = """NaCl
1.0
0.0 2.845 2.845
2.845 0.0 2.845
2.845 2.845 0.0
Na Cl
1 1
direct
0.0 0.0 0.0
0.5 0.5 0.5
"""


@pytest.mark.parametrize(
    "text",
    [
        ROCKSALT,
        ROCKSALT.replace("\n", "\r\n"),
        ROCKSALT.replace("\n", "\r"),
        ROCKSALT.replace("1.0", "-46.0550025", 1),  # a negative factor is the volume
        ROCKSALT.replace("direct", "Cartesian").replace("0.5 0.5 0.5", "2.845 2.845 2.845"),
        ROCKSALT.replace("Na Cl", "Na_pv Cl"),
        ROCKSALT.replace("Na Cl", "Na/ Cl_GW/0a1b"),
        ROCKSALT.replace("Na Cl", "Na+ Cl-  ! ions").replace("1 1", "1 1 # each"),
        ROCKSALT.replace("Na Cl", "Na\nCl").replace("1 1", "1\n1"),
        ROCKSALT.replace("1.0", "1.0 1.0 1.0 ! factors", 1).replace("2.845\n", "2.845D0 a\n", 1),
        ROCKSALT.replace("Na Cl\n", ""),  # as in VASP 4
        ROCKSALT.replace("NaCl\n", "Na1 Cl1\n").replace("Na Cl\n", ""),
        "\n" + ROCKSALT.replace("NaCl", ""),
        ROCKSALT.replace("NaCl", "x")
        .replace("Na Cl\n", "")
        .replace("0.0\n0.5 0.5 0.5", "0.0 Na\n0.5 0.5 0.5 Cl"),
        ROCKSALT + "\n 0.0 0.0 0.1\n 0.0 0.1 0.0\n",  # velocities
        "\n\n" + ROCKSALT,
        ROCKSALT.replace("NaCl", "{NaCl} [rocksalt]"),
        ROCKSALT.replace("NaCl", "[NaCl]"),
        ROCKSALT.replace("NaCl", "x" * 10_000),
        ROCKSALT.replace("Na Cl", "NA CL"),
        ROCKSALT.replace("Na Cl", "na cl"),
        ROCKSALT.replace("Na Cl", "Na, Cl").replace("1 1", "1,1"),
        ROCKSALT.replace("Na Cl", "Na: Cl:"),
        ROCKSALT.replace("0.5 0.5 0.5", "0.5,0.5,0.5"),
        ROCKSALT.replace("0.5 0.5 0.5", "0.5, 0.5, 0.5"),
        ROCKSALT.replace("direct\n0.0 0.0 0.0", "Selective\ndirect\n0 0 0 T T F").replace(
            "0.5 0.5 0.5", "0.5 0.5 0.5 F F F"
        ),
    ],
)
def test_forms(text: str, rocksalt: Structure) -> None:
    structure = parse_structure(text)
    assert structure.matches(rocksalt)
    assert structure.volume == pytest.approx(rocksalt.volume, rel=1e-5)


def test_round_trip(zincblende: Structure) -> None:
    assert parse_structure(Poscar(zincblende).get_str()).matches(zincblende)


def test_a_cif_is_none(rocksalt_cif: str) -> None:
    assert not is_poscar(rocksalt_cif)
    assert not is_poscar("")


def behind(first: str, second: str) -> str:
    return ROCKSALT.replace("0.0\n0.5 0.5 0.5", f"0.0 {first}\n0.5 0.5 0.5 {second}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (behind("Cl", "Na"), "behind 2 of its 2 positions .* such as Cl for Na"),
        (behind("Na", "Br1"), "behind 1 of its 2 positions .* such as Br for Cl"),
        (behind("T T F K", "F F F"), "such as K for Na"),
    ],
)
def test_other_symbols_behind_the_positions_are_a_warning(text: str, told: str) -> None:
    read = read_structure(text)
    assert [site.specie.symbol for site in read.structure] == ["Na", "Cl"]
    assert re.search(told + "; the sixth line is used", " ".join(read.warnings))


@pytest.mark.parametrize(
    "text",
    [
        behind("Na", "Cl"),
        behind("Na1", "Cl2"),
        behind("T T T", "F F F"),
        behind("! In the plane", "# As found"),
        behind("a site", "b site"),
        behind("D", "Cl").replace("Na Cl\n", "H Cl\n"),
    ],
)
def test_what_is_behind_the_positions_may_agree_or_be_something_else(text: str) -> None:
    assert read_structure(text).warnings == ()


def labelled(labels: str) -> str:
    text = ROCKSALT.replace("1.0", "3.0", 1).replace("Na Cl", labels).replace("1 1", "1 1 2")
    return text + "0.3 0 0\n.7 0 0\n"


@pytest.mark.parametrize("labels", ["Na1 Na2 Cl", "Na2 Na1 Cl1", "Na Na Cl1"])
def test_labels_in_the_sixth_line_are_of_their_elements(labels: str) -> None:
    structure = parse_structure(labelled(labels))
    assert [site.specie.symbol for site in structure] == ["Na", "Na", "Cl", "Cl"]


@pytest.mark.parametrize(
    "labels", ["Na1 Na3 Cl", "Na1 Na Cl", "Na1 Na2 Cl2", "Na1 Na2", "Na1 Q2 Cl"]
)
def test_numbers_that_may_be_no_labels_are_refused(labels: str) -> None:
    with pytest.raises(UnreadableStructure, match=r"Line 6 .* counts behind its elements"):
        parse_structure(labelled(labels))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (
            ROCKSALT.replace("Na Cl\n", "").replace("NaCl", "salt"),
            UnreadableStructure,
            "sixth line",
        ),
        (ROCKSALT.replace("1 1", "1"), UnreadableStructure, "2 numbers"),
        (ROCKSALT.replace("1 1", "1 " + "9" * 5000), UnreadableStructure, "2 numbers"),
        (ROCKSALT.replace("1 1", "1 300000000"), StructureTooLarge, "sites"),
        (ROCKSALT.replace("0.5 0.5 0.5\n", ""), UnreadableStructure, "only 1 positions"),
        (ROCKSALT.replace("Na Cl", "Na Qq"), StructureError, "Qq"),
        (ROCKSALT[:20], UnreadableStructure, "neither a CIF"),
        (ROCKSALT.replace("Na Cl", "Na4 Cl4"), UnreadableStructure, "Line 6"),
        (ROCKSALT.replace("Na Cl", "H1.25 Cl"), UnsupportedElement, "pseudo-hydrogen"),
        (ROCKSALT.replace("1.0", "1.0 2.0", 1), UnreadableStructure, "Line 2"),
        (ROCKSALT.replace("1.0", "0", 1), UnreadableStructure, "Line 2"),
        (ROCKSALT.replace("direct\n", ""), UnreadableStructure, "Direct or Cartesian"),
        (ROCKSALT + "0.2 0.2 0.2\n", UnreadableStructure, "one position more"),
        (ROCKSALT + "Direct configuration= 2\n", SeveralStructures, "XDATCAR"),
        (ROCKSALT.replace("0.5 0.5 0.5", "0.5 a 0.5"), UnreadableStructure, "Line 10"),
        (ROCKSALT.replace("0.5 0.5 0.5", "0,5 0,5 0,5"), UnreadableStructure, "Line 10"),
        (ROCKSALT.replace("0.5 0.5 0.5", "0.5-0.5-0.5"), UnreadableStructure, "Line 10"),
        (ROCKSALT.replace("Na Cl", "na qq"), UnreadableStructure, "1 elements but"),
        (ROCKSALT.replace("0.5 0.5 0.5", "1e308 0 0"), UnreadableStructure, "cells away"),
        (ROCKSALT.replace("NaCl", "Mg O2").replace("Na Cl\n", ""), UnreadableStructure, "sixth"),
    ],
)
def test_faults(text: str, kind: type[StructureError], message: str) -> None:
    with pytest.raises(kind, match=message):
        parse_structure(text, StructureLimits(max_sites=100))
