"""Every form of structure file that is read, in files of our own and by other programs' writers."""

import gzip
import io
import json
import struct
import tarfile
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import ase.io
import gemmi
import pytest
from ase import Atoms
from pymatgen.core import Structure
from pymatgen.io.cif import CifWriter
from pymatgen.io.vasp import Poscar

from models.crystal.crystal import Crystal
from models.errors import (
    DisorderedStructure,
    NoStructure,
    ParaisiteError,
    SeveralStructures,
    StructureTooLarge,
    UnreadableStructure,
)
from models.structure.checks import StructureLimits
from models.structure.read import parse_structure, read_structure
from tests.crystals import PEROVSKITE, ROCKSALT, WURTZITE_TYPE, generated_crystals
from tests.damaged import zip_with_damage

FILES = Path(__file__).parent / "files"
RIGHT = {  # formula, sites of the cell as given, A^3 an atom, format
    "VASP4.vasp": ("GaAs", 2, 22.6, "POSCAR"),
    "VASP5.vasp": ("AgBr", 2, 24.062, "POSCAR"),
    "VASP6.vasp": ("MgO", 8, 9.327, "POSCAR"),
    "ase.json": ("AgBr", 2, 24.062, "ASE"),
    "fluorite_symbol.cif": ("CaF2", 12, 13.587, "CIF"),
    "jarvis.json": ("AgBr", 2, 24.062, "JARVIS"),
    "magnetic.mcif": ("NiO", 8, 9.129, "CIF"),
    "materials_project.json": ("AgBr", 2, 24.065, "pymatgen"),
    "optimade.json": ("AgBr", 2, 24.062, "OPTIMADE"),
    "portlandite_labels.cif": ("Ca(HO)2", 5, 10.957, "CIF"),
    "pymatgen.json": ("AgBr", 2, 24.062, "pymatgen"),
    "quartz_operations.cif": ("SiO2", 9, 12.554, "CIF"),
    "silver_bromide.xyz": ("AgBr", 2, 24.062, "extended XYZ"),
    "two_blocks.cif": ("ZnO", 4, 11.908, "CIF"),
}
CRYSTAL = WURTZITE_TYPE.crystal(["Ga", "N"], 1.95)


def identity(structure: Structure) -> str:
    return Crystal.of(structure).fingerprint


def test_every_file_has_a_right_reading():
    assert {path.name for path in FILES.iterdir() if path.is_file()} == set(RIGHT)


@pytest.mark.parametrize("name", RIGHT)
def test_a_file(name):
    read = read_structure((FILES / name).read_bytes(), name=name)
    structure = read.structure
    found = structure.composition.reduced_formula, len(structure), read.format
    formula, n_sites, volume, form = RIGHT[name]
    assert found == (formula, n_sites, form)
    assert structure.volume / n_sites == pytest.approx(volume, rel=1e-3)
    assert read.reduced is structure


@pytest.mark.parametrize("path", sorted((FILES / "found").iterdir()), ids=lambda path: path.name)
def test_what_the_fuzzer_has_found_is_read_or_refused(path):
    try:
        read_structure(path.read_bytes())
    except ParaisiteError as error:
        assert str(error)  # noqa: PT017 - an answer is as good as an error


def by_gemmi(crystal: Structure) -> str:
    small = gemmi.SmallStructure()
    small.cell = gemmi.UnitCell(*crystal.lattice.parameters)
    small.spacegroup_hm = "P 1"
    for number, site in enumerate(crystal):
        added = gemmi.SmallStructure.Site()
        added.label = added.type_symbol = f"{site.specie.symbol}{number}"
        added.type_symbol = site.specie.symbol
        added.element = gemmi.Element(site.specie.symbol)
        added.fract = gemmi.Fractional(*site.frac_coords)
        small.add_site(added)
    return str(small.make_cif_block().as_string())


def by_ase(crystal: Structure, form: str) -> bytes:
    atoms = Atoms(
        [site.specie.symbol for site in crystal],
        cell=crystal.lattice.matrix,
        scaled_positions=crystal.frac_coords,
        pbc=True,
    )
    written = io.BytesIO() if form == "cif" else io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ase.io.write(written, atoms, format=form)
    content = written.getvalue()
    return content if isinstance(content, bytes) else content.encode()


WRITERS = {
    "pymatgen CIF": lambda crystal: str(CifWriter(crystal, significant_figures=10)),
    "pymatgen symmetrised CIF": lambda crystal: str(
        CifWriter(crystal, symprec=1e-3, significant_figures=10)
    ),
    "pymatgen POSCAR": lambda crystal: Poscar(crystal).get_str(significant_figures=12),
    "pymatgen JSON": lambda crystal: crystal.to_json(),
    "gemmi CIF": by_gemmi,
    "ASE CIF": lambda crystal: by_ase(crystal, "cif"),
    "ASE VASP": lambda crystal: by_ase(crystal, "vasp"),
    "ASE extxyz": lambda crystal: by_ase(crystal, "extxyz"),
    "ASE JSON": lambda crystal: by_ase(crystal, "json"),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("number", range(6))
def test_what_other_programs_write_is_the_same_crystal(writer, number):
    # What is symmetrised when it is written is another crystal if it was distorted.
    crystal = generated_crystals(12, seed=16)[2 * number if "symm" in writer else number]
    written = WRITERS[writer](crystal)
    structure = parse_structure(written)
    assert structure.composition.reduced_formula == crystal.composition.reduced_formula
    per_atom = crystal.volume / len(crystal)
    assert structure.volume / len(structure) == pytest.approx(per_atom, rel=1e-4)
    assert identity(structure) == identity(crystal)


def zipped(*names: str, content: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content or str(CifWriter(CRYSTAL)))
    return packed.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


TEXT = str(CifWriter(CRYSTAL))


def damaged(method: int) -> bytes:
    return zip_with_damage(method, {"a.cif": TEXT.encode()})


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TEXT.encode()),
        gzip.compress(TEXT[:100].encode()) + gzip.compress(TEXT[100:].encode()),
        zipped("a.cif"),
        zipped("./a.cif", "./.DS_Store"),
        zipped("../a.cif"),
        zipped("__MACOSX/._a.cif", "folder/a.cif", ".DS_Store"),
        zipped("README.txt", "a.cif", "picture.PNG"),
        zipped("a.cif.gz", content=gzip.compress(TEXT.encode())),
        gzip.compress(gzip.compress(TEXT.encode())),
        gzip.compress(zipped("a.cif")),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-8-sig"),
        ("# Ångström\n" + TEXT).encode("latin-1"),
        TEXT.replace("\n", "\r").encode(),
    ],
)
def test_compression_and_encodings(content):
    assert identity(parse_structure(content)) == identity(CRYSTAL)


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (gzip.compress(TEXT.encode())[:-9], UnreadableStructure, "cut off"),
        (b"\x1f\x8b" + b"?" * 50, UnreadableStructure, "gzip file is damaged"),
        (gzip.compress(b"\n" * 17_000_000), StructureTooLarge, "16000000 bytes"),
        (zipped("a.cif", "b.cif"), SeveralStructures, "a.cif, b.cif"),
        (zipped("__MACOSX/a.cif"), NoStructure, "holds no file"),
        (zipped("a.cif")[:60], UnreadableStructure, "zip archive"),
        (damaged(zipfile.ZIP_DEFLATED), UnreadableStructure, "zip archive cannot be read"),
        (damaged(zipfile.ZIP_BZIP2), UnreadableStructure, "zip archive cannot be read"),
        (damaged(zipfile.ZIP_LZMA), UnreadableStructure, "zip archive cannot be read"),
        (b"BZh91AY&SY", UnreadableStructure, "bzip2"),
        (tarred("a.cif", TEXT.encode()), UnreadableStructure, "tar archive"),
        (gzip.compress(tarred("a.cif", TEXT.encode())), UnreadableStructure, "tar archive"),
        (b"%PDF-1.7", UnreadableStructure, "PDF"),
        (b"\xff\xfed\x00a", UnreadableStructure, "UTF-16"),
    ],
)
def test_content_that_cannot_be_unpacked(content, kind, words):
    with pytest.raises(kind, match=words):
        read_structure(content)


def listed(count: int) -> bytes:
    """Return a zip archive whose directory lists so many empty files, without the files."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, *[0] * 7, 1, *[0] * 6) + b"a"
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0, 0, len(entry) * count, 0, 0)
    return zipped("a.cif")[:39] + entry * count + end


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (gzip.compress(b"", mtime=0) * 300_000, UnreadableStructure),
        (listed(200_000), SeveralStructures),
        (b"data_x\n" + b"\r" * 15_000_000, StructureTooLarge),
        (b"data_x\nloop_\n_a\n" + b"1\n" * 7_000_000, StructureTooLarge),
        (b"[" + (b"[" * 900 + b"]" * 900 + b",") * 2000 + b"1]", StructureTooLarge),
        (b"[" + b"[]," * 1_300_000 + b"1]", StructureTooLarge),
    ],
    ids=["members", "directory", "returns", "rows", "nested", "lists"],
)
def test_content_made_to_take_long_is_refused_at_once(content, kind):
    start = time.process_time()
    with pytest.raises(kind):
        read_structure(content)
    assert time.process_time() - start < 0.5


def changed(name: str, **changes: object) -> str:
    document = json.loads((FILES / f"{name}.json").read_text())
    inner = document
    for step in {"optimade": ("data", "attributes"), "ase": ("1",), "jarvis": ("atoms",)}.get(
        name, ()
    ):
        inner = inner[step]
    inner.update(changes)
    return json.dumps(document)


ROW = json.loads((FILES / "ase.json").read_text())["1"]
DATA_BASE = json.dumps({"1": ROW, "2": ROW, "ids": [1, 2], "nextid": 3})


NESTED = '{"lattice_mat": %s, "elements": ["Ag"], "coords": [0]}' % (
    '{"array": ' * 1000 + "0" + "}" * 1000
)


def silver(**changes: object) -> str:
    kinds = [{"name": name, "chemical_symbols": [name]} for name in ("Ag", "Br")]
    kinds[0].update(changes)  # type: ignore[arg-type]
    return changed("optimade", species=kinds)


def occupied(share: object) -> str:
    sites = json.loads((FILES / "pymatgen.json").read_text())["sites"]
    sites[0]["species"][0]["occu"] = share
    return changed("pymatgen", sites=sites)


METRES = 1e-10
SPECIES = ["Ga", "Ga", "N", "N"]
MATRIX, PLACES = CRYSTAL.lattice.matrix, CRYSTAL.frac_coords
DOCUMENTS = {
    "NOMAD": {
        "labels": SPECIES,
        "lattice_vectors": (MATRIX * METRES).tolist(),
        "positions": (PLACES @ MATRIX * METRES).tolist(),
        "periodic": [True, True, True],
    },
    "OPTIMADE": {
        "lattice_vectors": (MATRIX * METRES).tolist(),
        "cartesian_site_positions": (PLACES @ MATRIX * METRES).tolist(),
        "species_at_sites": SPECIES,
    },
    "OQMD": {
        "name": "GaN",
        "unit_cell": MATRIX.tolist(),
        "sites": [
            f"{symbol} @ {x} {y} {z}"
            for symbol, (x, y, z) in zip(SPECIES, PLACES.tolist(), strict=True)
        ],
    },
    "AFLOW": {
        "geometry": ",".join(map(str, CRYSTAL.lattice.parameters)),
        "species": ["Ga", "N"],
        "composition": [2, 2],
        "positions_fractional": PLACES.tolist(),
    },
    "ASE": {
        "cell": MATRIX.tolist(),
        "scaled_positions": PLACES.tolist(),
        "symbols": SPECIES,
        "pbc": True,
    },
}


def in_pymatgen(**lattice: object) -> str:
    document = json.loads((FILES / "pymatgen.json").read_text())
    return json.dumps(document | {"lattice": document["lattice"] | lattice})


def own(**lattice: object) -> str:
    matrix = {"matrix": MATRIX.tolist(), **lattice}
    return json.dumps({"lattice": matrix, "species": SPECIES, "frac_coords": PLACES.tolist()})


@pytest.mark.parametrize("text", [in_pymatgen(), in_pymatgen(pbc=[True] * 3), own(pbc=[True] * 3)])
def test_a_lattice_of_pymatgen_is_periodic_unless_it_says_otherwise(text):
    assert len(parse_structure(text)) in {2, 4}


def test_statements_of_optimade_that_agree():
    full = silver(attached=["H"], nattached=[0], concentration=[1.0])
    agreeing = {
        "nperiodic_dimensions": 3,
        "structure_features": [],
        "chemical_formula_reduced": "AgBr",
    }
    document = json.loads(full)
    document["data"]["attributes"].update(agreeing)
    assert read_structure(json.dumps(document)).warnings == ()


def test_a_formula_of_optimade_that_contradicts_the_sites_is_a_warning():
    read = read_structure(changed("optimade", chemical_formula_reduced="Ag2Br"))
    assert read.warnings == (
        "The sites are AgBr, but chemical_formula_reduced says Ag2Br; the sites are used.",
    )


def test_a_data_base_whose_one_row_is_not_the_first():
    text = json.dumps({"7": ROW, "ids": [7], "nextid": 8})
    assert parse_structure(text) == parse_structure((FILES / "ase.json").read_text())


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ('{"a": 1}', UnreadableStructure, "it has 'a'"),
        ("[]", NoStructure, "no structure"),
        ("[{}, {}]", SeveralStructures, "2 structures"),
        ('{"cif": ', UnreadableStructure, "JSON cannot be read"),
        (json.dumps({"cif": '{"cif": "x"}'}), UnreadableStructure, "neither a CIF"),
        (changed("optimade", dimension_types=[1, 1, 0]), NoStructure, "three directions"),
        (changed("optimade", species_at_sites=["Ag"]), UnreadableStructure, "1 species but 2"),
        (changed("jarvis", lattice_mat=[[1, 0, 0]]), UnreadableStructure, "three vectors"),
        (changed("jarvis", coords=[[0, 0, "x"], [0, 0, 0]]), UnreadableStructure, "lacks a part"),
        (changed("ase", pbc=[True, True, False]), NoStructure, "three directions"),
        (changed("ase", pbc=False), NoStructure, "three directions"),
        (in_pymatgen(pbc=[True, True, False]), NoStructure, "three directions"),
        (in_pymatgen(pbc=[False, False, False]), NoStructure, "three directions"),
        (own(pbc=[True, True, False]), NoStructure, "three directions"),
        (json.dumps(DOCUMENTS["NOMAD"] | {"periodic": [True, True, False]}), NoStructure, "three"),
        (changed("ase", numbers=[47, 135]), ParaisiteError, "135"),
        (changed("pymatgen", lattice={"a": 1}), UnreadableStructure, "lacks a part"),
        (json.dumps({"@class": "Molecule", "sites": []}), NoStructure, "molecule"),
        ("[" * 100_000, UnreadableStructure, "JSON cannot be read"),
        (NESTED, UnreadableStructure, "not three numbers"),
        (DATA_BASE, SeveralStructures, "2 structures"),
        (changed("optimade", nperiodic_dimensions=2), NoStructure, "three directions"),
        (changed("optimade", structure_features=["disorder"]), DisorderedStructure, "disordered"),
        (changed("optimade", structure_features=["assemblies"]), DisorderedStructure, "disordered"),
        (
            changed("optimade", structure_features=["implicit_atoms"]),
            UnreadableStructure,
            "no sites",
        ),
        (silver(attached=["H"], nattached=[2]), UnreadableStructure, "not listed .H."),
        (silver(attached=["H"]), UnreadableStructure, "not listed .H."),
        (silver(concentration=[1.5]), UnreadableStructure, "occupancy of 1.5"),
        (silver(concentration=[0.5]), DisorderedStructure, "Ag 0.5"),
        (silver(concentration=[1.0, 1.0]), UnreadableStructure, "lacks a part"),
        (occupied(3), UnreadableStructure, "occupancy of 3"),
        (occupied("nan"), UnreadableStructure, "occupancy of nan"),
        (occupied(-1), UnreadableStructure, "occupancy of -1"),
    ],
)
def test_faults_of_documents(text, kind, words):
    with pytest.raises(kind, match=words):
        read_structure(text)


@pytest.mark.parametrize("form", DOCUMENTS)
def test_documents_of_other_data_bases(form):
    read = read_structure(json.dumps(DOCUMENTS[form]))
    assert read.format == form
    assert identity(read.structure) == identity(CRYSTAL)


@pytest.mark.parametrize(
    ("composition", "kind", "words"),
    [
        ([20_000_000, 2], StructureTooLarge, "20000002 sites"),
        ("999999999999,2", StructureTooLarge, "1000000000001 sites"),
        ([20_000_000, -19_999_998], UnreadableStructure, "negative"),
    ],
)
def test_numbers_of_atoms_are_checked_before_they_are_written_out(composition, kind, words):
    text = json.dumps(DOCUMENTS["AFLOW"] | {"composition": composition})
    tracemalloc.start()
    with pytest.raises(kind, match=words):
        read_structure(text)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


@pytest.mark.parametrize("key", ["cif", "CIF", "file"])
def test_a_file_in_a_document(key):
    assert identity(parse_structure(json.dumps({key: TEXT}))) == identity(CRYSTAL)


@pytest.mark.parametrize(
    "beside",
    [
        {"file": "NaCl.cif"},
        {"text": "rock salt,\nmeasured 2019"},
        {"cif": ""},
        {"cif": None},
        {"content": "x", "poscar": ""},
    ],
)
@pytest.mark.parametrize("within", ["structure", "data", "structures"])
def test_a_structure_goes_before_the_texts_beside_it(beside, within):
    document = {"data": {"attributes": json.loads(own())}, "structures": [json.loads(own())]}
    inner = document.get(within, json.loads(own()))
    read = read_structure(json.dumps(beside | {within: inner}))
    assert (read.format, identity(read.structure)) == ("stored structure", identity(CRYSTAL))


@pytest.mark.parametrize(
    "beside", [{"file": "GaN.cif"}, {"text": ""}, {"data": {"density": 6.1}}, {"structures": []}]
)
def test_a_file_goes_before_its_name_and_what_is_no_structure(beside):
    read = read_structure(json.dumps(beside | {"cif": TEXT}))
    assert (read.format, identity(read.structure)) == ("CIF", identity(CRYSTAL))


@pytest.mark.parametrize("name", ["pymatgen", "optimade"])
def test_a_document_with_mixed_sites_names_the_occupants(name):
    mixed = {
        "pymatgen": {
            "sites": [
                {
                    "label": "M1",
                    "species": [{"element": "Ag", "occu": 0.5}, {"element": "Cu", "occu": 0.5}],
                    "abc": [0, 0, 0],
                }
            ]
        },
        "optimade": {
            "species": [
                {"name": "Ag", "chemical_symbols": ["Ag", "Cu"], "concentration": [0.5, 0.5]}
            ]
        },
    }[name]
    with pytest.raises(DisorderedStructure, match=r"Ag 0\.5, Cu 0\.5"):
        read_structure(changed(name, **mixed))


def on_one_site(first: dict[str, object], second: dict[str, object]) -> str:
    both = [{"occu": 0.5} | first, {"occu": 0.5} | second]
    site = {"label": "M1", "species": both, "abc": [0, 0, 0]}
    other = {"label": "Br", "species": [{"element": "Br", "occu": 1}], "abc": [0.5, 0.5, 0.5]}
    return changed("pymatgen", sites=[site, other])


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        (on_one_site({"element": "H"}, {"element": "D"}), "HBr"),
        (
            on_one_site(
                {"element": "Fe", "oxidation_state": 2}, {"element": "Fe", "oxidation_state": 3}
            ),
            "FeBr",
        ),
        (silver(chemical_symbols=["Ag", "Ag"], concentration=[0.7, 0.3]), "AgBr"),
    ],
)
def test_a_site_that_one_element_fills_is_whole(text, formula):
    assert parse_structure(text).composition.reduced_formula == formula


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (on_one_site({"element": "H", "occu": 0.4}, {"element": "D"}), r"H 0\.4, D 0\.5"),
        (silver(chemical_symbols=["vacancy", "Ag"], concentration=[0.5, 0.5]), r"vacancy 0\.5"),
    ],
)
def test_a_site_that_one_element_does_not_fill_is_not(text, words):
    with pytest.raises(DisorderedStructure, match=words):
        read_structure(text)


DEUTERIDE = (FILES / "silver_bromide.xyz").read_text().replace("Ag", "Li").replace("Br", "D")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (json.dumps({**DOCUMENTS["OQMD"], "sites": ["Li 0 0 0", "D .5 .5 .5", "D 0 0 .5"]}), "D"),
        (on_one_site({"element": "H"}, {"element": "D"}), "D"),
        (DEUTERIDE, "D"),
        (DEUTERIDE.replace("Li", "6Li"), "6Li, D"),
        (DEUTERIDE.replace("Li", "3").replace("D", "1").replace("species:S", "Z:I"), None),
        ("LiD\n1\n0 2 2\n2 0 2\n2 2 0\nLi D\n1 1\nDirect\n0 0 0\n.5 .5 .5\n", "D"),
        (changed("pymatgen"), None),
    ],
)
def test_isotopes_are_told_in_any_form(text, named):
    expected = (f"Isotopes, which count as their element: {named}.",) if named else ()
    assert read_structure(text).warnings == expected


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (("pbc=", "no="), None, ""),
        (('pbc="T T T"', "pbc=T"), None, ""),
        (('pbc="T T T"', "pbc=[T, T, T]"), None, ""),
        (("Lattice", "-3.5 Lattice"), None, ""),
        (("Lattice", 'virial="1 2 3" cell'), None, ""),
        (("Lattice", 'cell="1 1 1" Lattice'), None, ""),
        (("Lattice", "cell=1 Lattice"), None, ""),
        (("Lattice", 'name="unit cell = small" Lattice'), None, ""),
        (("Lattice", 'name="unit cell = small" cell'), None, ""),
        (("Lattice", "info='made of Lattice=x, pbc=F' Lattice"), None, ""),
        (("Lattice", r'info="a \"quoted\" Lattice=x" Lattice'), None, ""),
        (("Lattice", "by=John's Lattice"), None, ""),
        (("Properties", 'note="Properties=pos:R:3" Properties'), None, ""),
        (("Lattice", 'info="Lattice=1 0 0 0 1 0 0 0 1" size'), NoStructure, "no Lattice"),
        (('pbc="T T T"', "pbc=[true, true, false]"), NoStructure, "three directions"),
        (('pbc="T T T"', 'pbc="F F F"'), NoStructure, "three directions"),
        (("Lattice", "Size"), NoStructure, "no Lattice"),
        (('pbc="T T T"', 'pbc="T T F"'), NoStructure, "three directions"),
        (("\nBr", "\nBr 1 1 1\nBr"), SeveralStructures, "several frames"),
        (("Br 2.887", "Br x"), UnreadableStructure, "Line 4"),
        (("Br 2.887", "2 2.887"), UnreadableStructure, "Line 4 .* types of LAMMPS .* column Z"),
        (("pos:R:3", "forces:R:3"), UnreadableStructure, "no pos"),
        (("2\nLat", "3\nLat"), UnreadableStructure, "3 atoms"),
    ],
)
def test_extended_xyz(change, kind, words):
    text = (FILES / "silver_bromide.xyz").read_text().replace(*change)
    if kind is None:
        assert len(parse_structure(text)) == 2
        return
    with pytest.raises(kind, match=words):
        read_structure(text)


NUMBERED = (FILES / "silver_bromide.xyz").read_text().replace("species:S:1", "Z:I:1")
TYPED = """2
Lattice="0 2.9 2.9 2.9 0 2.9 2.9 2.9 0" Properties=species:I:1:pos:R:3:Z:I:1
1 0 0 0 47
2 2.9 2.9 2.9 35
"""


@pytest.mark.parametrize("text", [NUMBERED.replace("Ag", "47").replace("Br", "35"), TYPED])
def test_a_column_of_atomic_numbers_is_believed_before_one_of_types(text):
    assert parse_structure(text).composition.reduced_formula == "AgBr"


@pytest.mark.parametrize("number", [0, 119])
def test_a_number_of_no_element(number):
    text = NUMBERED.replace("Ag", "47").replace("Br", str(number))
    with pytest.raises(UnreadableStructure, match=f"Line 4 .* atomic number {number}"):
        read_structure(text)


@pytest.mark.parametrize("kind", ["species:S", "species:I", "element:S"])
def test_types_of_particles_are_no_elements(kind):
    text = NUMBERED.replace("Z:I", kind).replace("Ag", "1").replace("Br", "2")
    with pytest.raises(UnreadableStructure, match="number 1 for an element, such as the types"):
        read_structure(text)


@pytest.mark.parametrize(
    ("begin", "between", "end"),
    [("'", " ", "'"), ("{{", "} {", "}}"), ("[[", "],[", "]]"), ('"[[', "], [", ']]"')],
)
def test_a_lattice_in_whatever_it_is_quoted(begin, between, end):
    text = (FILES / "silver_bromide.xyz").read_text()
    quoted = text.split('"')[1]
    numbers = quoted.split()
    rows = [",".join(numbers[n : n + 3]) for n in (0, 3, 6)]
    rewritten = text.replace(f'"{quoted}"', f"{begin}{between.join(rows)}{end}")
    assert identity(parse_structure(rewritten)) == identity(parse_structure(text))


def test_a_large_cell_with_a_small_primitive_cell_is_reduced():
    crystal = ROCKSALT.crystal(["Na", "Cl"], 2.8)
    supercell = crystal * (3, 3, 3)
    read = read_structure(str(CifWriter(supercell)), StructureLimits(max_sites=10))
    assert (len(read.structure), len(read.reduced)) == (54, 2)
    assert "reduced to the primitive cell of 2" in " ".join(read.warnings)
    assert identity(read.reduced) == identity(crystal)


def test_a_large_primitive_cell_is_refused_with_both_numbers():
    crystal = PEROVSKITE.crystal(["Sr", "Ti", "O"], 1.95)
    supercell = crystal * (2, 2, 2)
    supercell.translate_sites([0], [0.02, 0.01, 0])
    with pytest.raises(StructureTooLarge, match="40 sites and its primitive cell 40"):
        read_structure(str(CifWriter(supercell)), StructureLimits(max_sites=10))
    with pytest.raises(StructureTooLarge, match="up to 30 are reduced"):
        read_structure(str(CifWriter(supercell)), StructureLimits(max_sites=3))


def test_reflections_do_not_count():
    pattern = "loop_\n_refln_index_h\n_refln_index_k\n" + "1 2\n" * 1500
    field = "_shelx_hkl_file\n;\n" + "   1   2   3\n" * 700 + ";\n"
    limits = StructureLimits(max_bytes=len(TEXT) + 100)
    for text in (TEXT + pattern, TEXT + field, pattern.join(TEXT.split("loop_", 1))):
        longer = text if text.startswith("#") else f"data_x\n{text}"
        assert identity(parse_structure(longer, limits)) == identity(CRYSTAL)
    with pytest.raises(StructureTooLarge, match="without reflections"):
        parse_structure(TEXT + "_atom_site_note\n" * 5000, limits)


def test_a_file_called_poscar_is_told_of_in_terms_of_poscars():
    with pytest.raises(UnreadableStructure, match="called a POSCAR"):
        read_structure("Na Cl\nnot a factor\n1 2 3\n", name="run/POSCAR-1")
