"""Files with several structures, taken apart."""

import io
import json
import zipfile

import pytest
from pymatgen.io.cif import CifWriter
from pymatgen.io.vasp import Poscar

from models.errors import SeveralStructures
from models.structure.checks import StructureLimits
from models.structure.read import read_structure
from models.structure.several import parts_of
from tests.crystals import ROCKSALT, WURTZITE_TYPE

LIMITS = StructureLimits()
CRYSTALS = {
    "MgO": ROCKSALT.crystal(["Mg", "O"], 2.1),
    "GaN": WURTZITE_TYPE.crystal(["Ga", "N"], 1.95),
    "NaCl": ROCKSALT.crystal(["Na", "Cl"], 2.8),
}
CIFS = {name: str(CifWriter(crystal)) for name, crystal in CRYSTALS.items()}
GLOBAL = "data_global\n_journal_year 2020\n"


def xyz(crystal) -> str:
    lattice = " ".join(str(value) for value in crystal.lattice.matrix.flatten())
    rows = [f"{site.specie} {' '.join(map(str, site.coords))}" for site in crystal]
    return "\n".join([str(len(crystal)), f'Lattice="{lattice}"', *rows, ""])


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(f"set/{name}.cif", content)
        opened.writestr("README.txt", "three crystals")
    return packed.getvalue()


DOCUMENTS = [{"material_id": name, "structure": c.as_dict()} for name, c in CRYSTALS.items()]
TOGETHER: dict[str, tuple[str | bytes, list[str]]] = {
    "CIF": (GLOBAL + "".join(CIFS.values()), ["MgO", "GaN", "NaCl"]),
    "zip": (archive(**CIFS), ["set/MgO.cif", "set/GaN.cif", "set/NaCl.cif"]),
    "JSON": (json.dumps(DOCUMENTS), ["MgO", "GaN", "NaCl"]),
    "JSON response": (json.dumps({"data": DOCUMENTS}), ["MgO", "GaN", "NaCl"]),
    "XYZ": ("".join(map(xyz, CRYSTALS.values())), ["1", "2", "3"]),
}


@pytest.mark.parametrize("form", TOGETHER)
def test_each_structure_is_a_file_of_its_own(form):
    content, names = TOGETHER[form]
    content = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(SeveralStructures):
        read_structure(content)
    parts = parts_of(content, LIMITS)
    assert [part.name for part in parts] == names
    read = [read_structure(part.content).structure for part in parts]
    assert [structure.composition.reduced_formula for structure in read] == list(CRYSTALS)
    for structure, crystal in zip(read, CRYSTALS.values(), strict=True):
        assert structure.volume == pytest.approx(crystal.volume, rel=1e-5)


@pytest.mark.parametrize(
    "content",
    [
        CIFS["MgO"],
        GLOBAL + CIFS["MgO"],
        CIFS["MgO"] + CIFS["MgO"],
        Poscar(CRYSTALS["GaN"]).get_str(),
        xyz(CRYSTALS["GaN"]),
        xyz(CRYSTALS["GaN"]) + "-3\n",
        json.dumps(DOCUMENTS[:1]),
        json.dumps(DOCUMENTS[0]),
        "[[1], [2]]",
        "{",
        "PK\x03\x04 cut off",
        "",
    ],
)
def test_other_files_are_left_whole(content):
    (part,) = parts_of(content.encode(), LIMITS)
    assert (part.name, part.content) == ("", content.encode())


def test_one_that_is_malformed_does_not_lose_the_others():
    parts = parts_of((CIFS["MgO"] + CIFS["GaN"].replace("0.333", "x.333")).encode(), LIMITS)
    assert len(parts) == 2
    assert len(read_structure(parts[0].content).structure) == 2


def test_names_that_come_again_are_numbered():
    other = str(CifWriter(CRYSTALS["MgO"].copy().scale_lattice(20)))
    parts = parts_of((CIFS["MgO"] + other).encode(), LIMITS)
    assert [part.name for part in parts] == ["MgO", "MgO~2"]


def test_an_archive_is_unpacked_within_the_bound():
    content = archive(**CIFS)
    limits = StructureLimits(max_bytes=100)
    assert [part.content for part in parts_of(content, limits)] == [content]
