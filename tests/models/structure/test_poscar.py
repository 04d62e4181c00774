"""From POSCAR text to a structure."""

import pytest
from pymatgen.core import Structure
from pymatgen.io.vasp import Poscar

from models.errors import StructureError, StructureTooLarge, UnreadableStructure
from models.structure.checks import StructureLimits
from models.structure.poscar import is_poscar
from models.structure.read import parse_structure

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


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (ROCKSALT.replace("Na Cl\n", ""), UnreadableStructure, "sixth line"),  # as in VASP 4
        (ROCKSALT.replace("1 1", "1"), UnreadableStructure, "2 numbers"),
        (ROCKSALT.replace("1 1", "1 " + "9" * 5000), UnreadableStructure, "2 numbers"),
        (ROCKSALT.replace("1 1", "1 300000000"), StructureTooLarge, "sites"),
        (ROCKSALT.replace("0.5 0.5 0.5\n", ""), UnreadableStructure, "cannot be read"),
        (ROCKSALT.replace("Na Cl", "Na Qq"), StructureError, "Qq"),
        (ROCKSALT[:20], UnreadableStructure, "not a CIF"),
    ],
)
def test_faults(text: str, kind: type[StructureError], message: str) -> None:
    with pytest.raises(kind, match=message):
        parse_structure(text, StructureLimits(max_sites=100))
