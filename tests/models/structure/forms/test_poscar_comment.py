"""Which first lines of a POSCAR of VASP 4 name its elements."""

import pytest

from models.errors import UnreadableStructure
from models.structure.forms.poscar_comment import elements_in_comment
from models.structure.read import read_structure


def vasp4(comment: str, *counts: int) -> str:
    positions = "".join(f"{n / sum(counts)} 0 0\n" for n in range(sum(counts)))
    cell = "1.0\n0 4 4\n4 0 4\n4 4 0\n"
    return f"{comment}\n{cell}{' '.join(map(str, counts))}\nDirect\n{positions}"


@pytest.mark.parametrize(
    ("comment", "counts"),
    [
        ("BULK", (1, 1)),
        ("POSCAR", (1, 1, 1, 1)),
        ("CELL", (2,)),
        ("CRYSTAL", (2,)),
        ("NEW CELL", (2,)),
        ("SUPERCELL", (1, 1, 2)),
        ("FCC", (1, 1, 1)),
        ("SILICON", (1, 1)),
        ("PBE SOC", (1, 1)),
        ("CUO", (1, 1, 1)),
        ("CUO2", (1, 1, 2)),
        ("HF", (1, 1)),
        ("NV", (2, 1)),
        ("UC", (1, 1)),
        ("As relaxed by J. Smith", (2,)),
        ("I made this from the ICSD entry", (2,)),
        ("In this cell, vacancy removed", (2,)),
        ("In I cell", (1, 1)),
        ("In_cell", (2,)),
        ("La structure", (2,)),
        ("N V centre in diamond", (3, 1)),
        ("Ga V cell", (3, 4)),
        ("B3 structure", (2,)),
        ("B3", (2,)),
        ("P1 cell from ICSD", (2,)),
        ("No title", (2,)),
        ("NaCl SiC", (1, 1)),
        ("NaCl", (1, 2)),
        ("Na Cl Br", (1, 1)),
    ],
)
def test_a_comment_that_may_be_something_else_names_no_elements(
    comment: str, counts: tuple[int, ...]
) -> None:
    with pytest.raises(UnreadableStructure, match="add a line such as 'Na Cl' before the counts"):
        read_structure(vasp4(comment, *counts))


@pytest.mark.parametrize(
    ("comment", "counts", "elements"),
    [
        ("Na Cl", (1, 1), "Na Cl"),
        ("Si O", (3, 6), "Si O"),
        ("Na4 Cl4", (4, 4), "Na Cl"),
        ("Ga4As4", (1, 1), "Ga As"),
        ("GaAs", (4, 4), "Ga As"),
        ("GaAs (zincblende)", (4, 4), "Ga As"),
        ("Ga As zincblende", (1, 1), "Ga As"),
        ("NaCl, conventional cell", (4, 4), "Na Cl"),
        ("V2 O5 orthorhombic", (4, 10), "V O"),
        ("V2O5", (4, 10), "V O"),
        ("CaCO3", (2, 2, 6), "Ca C O"),
        ("BN", (2, 2), "B N"),
        ("InP", (1, 1), "In P"),
        ("Ga_d As/7ba5d0c1", (1, 1), "Ga As"),
        ("Si", (2,), "Si"),
        ("Si8", (8,), "Si"),
        ("C", (2,), "C"),
    ],
)
def test_elements_in_a_comment(comment: str, counts: tuple[int, ...], elements: str) -> None:
    assert elements_in_comment(comment, counts) == elements.split()


def test_elements_of_a_comment_are_told_in_a_warning() -> None:
    read = read_structure(vasp4("Ga As zincblende", 1, 1))
    assert [site.specie.symbol for site in read.structure] == ["Ga", "As"]
    assert "Ga, As are taken from its first line" in " ".join(read.warnings)
