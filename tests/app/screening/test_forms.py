"""Archives, tables and files of several structures as sources."""

import csv
import gzip
import io
import json
import tarfile
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.screening.entry import Entry
from app.screening.sources.archives import Archive
from app.screening.sources.blocks import split
from models.structure.checks import StructureLimits
from models.structure.read import looks_like_structure
from tests.app.screening.conftest import entry, rows_of
from tests.damaged import gzip_with_damage, zip_with_damage


def screened(paraisite, source, tmp_path):
    """The formulas by id, and the errors."""
    out = tmp_path / "out.parquet"
    assert paraisite("screen", source, "--out", out) == 0
    return {row["material_id"]: row["formula"] or row["error"] for row in rows_of(out)}


@pytest.fixture
def files(rocksalt_cif, zincblende_cif):
    return {
        "a/nacl.cif": rocksalt_cif.encode(),
        "a/zns.cif.gz": gzip.compress(zincblende_cif.encode()),
        "notes.txt": b"nothing",
        "a/.hidden.cif": b"",
    }


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_tar_archive(paraisite, files, tmp_path, mode):
    path = tmp_path / f"crystals.tar{mode[1:].replace(':', '.')}"
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert screened(paraisite, path, tmp_path) == {"a/nacl.cif": "NaCl", "a/zns.cif.gz": "ZnS"}


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_zip_archive(paraisite, files, tmp_path):
    path = zipped(tmp_path / "crystals.zip", files)
    assert screened(paraisite, path, tmp_path) == {"a/nacl.cif": "NaCl", "a/zns.cif.gz": "ZnS"}


def test_the_case_of_a_suffix_does_not_matter(paraisite, files, tmp_path, rocksalt, rocksalt_cif):
    record = entry("mp-1", rocksalt)
    pq.write_table(pa.Table.from_pylist([record]), tmp_path / "T.PARQUET")
    (tmp_path / "L.JSONL.GZ").write_bytes(gzip.compress(json.dumps(record).encode()))
    cells = "material_id,cif\nmp-1," + json.dumps(rocksalt_cif).replace("\\n", "\n")
    (tmp_path / "T.Csv.Gz").write_bytes(gzip.compress(cells.encode()))
    zipped(tmp_path / "A.ZIP", {"mp-1": files["a/nacl.cif"]})
    for name in ("T.PARQUET", "L.JSONL.GZ", "T.Csv.Gz", "A.ZIP"):
        assert screened(paraisite, tmp_path / name, tmp_path) == {"mp-1": "NaCl"}
        (tmp_path / "out.parquet").unlink()


def added(archive, name, content=b"", **attributes):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for attribute, value in attributes.items():
        setattr(member, attribute, value)
    archive.addfile(member, io.BytesIO(content))


def test_names_relative_to_a_folder(paraisite, files, tmp_path):
    """As `tar -C crystals .` and `zip -r` with ./ or ../ write them."""
    whole = files["a/nacl.cif"]
    with tarfile.open(tmp_path / "c.tar", "w") as archive:
        added(archive, ".", type=tarfile.DIRTYPE)
        added(archive, "./nacl.cif", whole)
        added(archive, "../b/nacl.cif", whole)
        added(archive, "./.hidden/nacl.cif", whole)
    assert set(screened(paraisite, tmp_path / "c.tar", tmp_path)) == {
        "./nacl.cif",
        "../b/nacl.cif",
    }


def test_what_a_tar_archive_holds_beside_files_is_not_lost(paraisite, files, tmp_path, capsys):
    with tarfile.open(tmp_path / "c.tar", "w") as archive:
        added(archive, "a.cif", files["a/nacl.cif"])
        added(archive, "b.cif", type=tarfile.LNKTYPE, linkname="a.cif")
        added(archive, "pipe", type=tarfile.FIFOTYPE)
        added(archive, "notes.txt", b"nothing")
    found = screened(paraisite, tmp_path / "c.tar", tmp_path)
    assert found["a.cif"] == "NaCl"
    assert "a link to a.cif; pack the files themselves" in found["b.cif"]
    assert "2 files that are no structure are ignored: pipe, notes.txt" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name(paraisite, rocksalt_cif, zincblende_cif, tmp_path):
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("a.cif", rocksalt_cif)
        archive.writestr("a.cif", zincblende_cif)
    out = tmp_path / "out.csv"
    assert paraisite("screen", tmp_path / "c.zip", "--out", out) == 0
    assert [row["formula"] for row in rows_of(out)] == ["NaCl", "ZnS"]


def test_a_damaged_member_is_the_error_of_its_row(paraisite, files, tmp_path):
    path = zipped(tmp_path / "crystals.zip", files)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"_cell_length_a", b"_cell_length_b", 1))
    found = screened(paraisite, path, tmp_path)
    assert found["a/zns.cif.gz"] == "ZnS"
    assert found["a/nacl.cif"].startswith("unreadable-structure: The archive's member is damaged")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_cannot_be_unpacked_is_the_error_of_its_row(
    paraisite, files, tmp_path, method
):
    path = tmp_path / "crystals.zip"
    path.write_bytes(zip_with_damage(method, files))
    found = screened(paraisite, path, tmp_path)
    assert found["a/zns.cif.gz"] == "ZnS"
    assert found["a/nacl.cif"].startswith("unreadable-structure: The archive's member is damaged")


def test_an_archive_with_a_damaged_name_is_refused(paraisite, tmp_path, capsys):
    path = zipped(tmp_path / "crystals.zip", {"\u00e5.cif": b""})
    path.write_bytes(path.read_bytes().replace("\u00e5".encode(), b"\xff\xff"))
    assert paraisite("screen", path, "--out", tmp_path / "o.csv") == 1
    assert "not a whole archive" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["crystals.tar.gz", "crystals.zip"])
def test_an_archive_that_is_cut_off_is_refused(paraisite, files, tmp_path, capsys, name):
    path = zipped(tmp_path / "whole.zip", files)
    (tmp_path / name).write_bytes(path.read_bytes()[:200])
    assert paraisite("screen", tmp_path / name, "--out", tmp_path / "o.csv") == 1
    assert "not a whole archive" in capsys.readouterr().err


def test_a_fault_of_the_file_system_is_not_called_damage(tmp_path):
    with pytest.raises(FileNotFoundError):
        Archive(tmp_path / "removed.zip", StructureLimits()).count()


def test_a_pattern(paraisite, cifs, tmp_path):
    found = screened(paraisite, cifs / "**" / "*z*.cif", tmp_path)
    assert found == {str(cifs / "deeper" / "zns.cif"): "ZnS"}


def test_blocks_of_a_cif_are_crystals_of_their_own(
    paraisite, cifs, tmp_path, rocksalt_cif, zincblende_cif
):
    """As data bases export: with a block that only holds a text with a `data_` line in it."""
    other = "data_global\n_publ_section_title\n;\ndata_not a block\n;\n"
    (tmp_path / "two.cif").write_text(other + rocksalt_cif + "\n" + zincblende_cif)
    found = screened(paraisite, tmp_path / "two.cif", tmp_path)
    assert found == {
        f"{tmp_path}/two.cif#NaCl": "NaCl",
        f"{tmp_path}/two.cif#ZnS": "ZnS",
    }


@pytest.mark.parametrize(
    ("encoding", "end"), [("utf-16", "\r\n"), ("utf-8-sig", "\n"), ("latin-1", "\r")]
)
def test_blocks_in_other_encodings_and_with_other_line_ends(
    paraisite, tmp_path, cifs, encoding, end
):
    both = [(cifs / name).read_text() for name in ("nacl.cif", "deeper/zns.cif")]
    text = "\n".join(["# \u00c5ngstr\u00f6m", *both]).replace("\n", end)
    (tmp_path / "two.cif").write_bytes(text.encode(encoding))
    found = screened(paraisite, tmp_path / "two.cif", tmp_path)
    assert [*found.values()] == ["NaCl", "ZnS"]


@pytest.mark.parametrize(
    "content", [b"".join(b"data_%d\n_x\n;\na\n;\n" % i for i in range(20_000)), b"\n" * 1_000_000]
)
def test_files_made_to_take_long_are_taken_apart_at_once(content):
    start = time.process_time()
    whole = Entry("a.cif", content, StructureLimits())
    assert [*split(whole)] == [whole]
    looks_like_structure(content)
    assert time.process_time() - start < 1


def lemat(structure, name):
    """A row as LeMat-Bulk has it: OPTIMADE's fields and its own."""
    return {
        "immutable_id": name,
        "chemical_formula_reduced": structure.composition.reduced_formula,
        "lattice_vectors": structure.lattice.matrix.tolist(),
        "species_at_sites": [site.specie.symbol for site in structure],
        "cartesian_site_positions": structure.cart_coords.tolist(),
        "dimension_types": [1, 1, 1],
        "species": [
            {"mass": None, "name": s, "chemical_symbols": [s], "concentration": [1.0]}
            for s in sorted({site.specie.symbol for site in structure})
        ],
        "energy": -3.2,
        "forces": [[0.0, 0.0, 0.0]] * len(structure),
    }


def test_parquet_in_the_columns_of_lemat_bulk(paraisite, tmp_path, rocksalt, zincblende):
    rows = [lemat(rocksalt, "mp-1"), lemat(zincblende, "oqmd-2")]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "bulk.parquet")
    found = screened(paraisite, tmp_path / "bulk.parquet", tmp_path)
    assert found == {"mp-1": "NaCl", "oqmd-2": "ZnS"}


def test_parquet_of_records(paraisite, tmp_path, rocksalt, zincblende):
    rows = [entry("mp-1", rocksalt), {"material_id": "mp-2", "structure": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    found = screened(paraisite, tmp_path / "t.parquet", tmp_path)
    assert found["mp-1"] == "NaCl"
    assert found["mp-2"].startswith("unreadable-structure")


def test_csv_with_files_and_with_json_in_its_cells(
    paraisite, tmp_path, rocksalt, rocksalt_cif, zincblende
):
    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        table.writerow(["material_id", "structure", "band_gap"])
        table.writerow(["a", rocksalt_cif, 5])
        table.writerow(["b", json.dumps(entry("b", zincblende)["structure"]), 3])
        table.writerow(["", zincblende.to_json(), 3])
        table.writerow(["d", "", 1])
    found = screened(paraisite, path, tmp_path)
    assert (found["a"], found["b"], found["row 3"]) == ("NaCl", "ZnS", "ZnS")
    assert found["d"].startswith("unreadable-structure")


def test_a_table_without_structures_is_refused(paraisite, tmp_path, capsys):
    (tmp_path / "t.csv").write_text("id,colour\n1,red\n")
    assert paraisite("screen", tmp_path / "t.csv", "--out", tmp_path / "o.csv") == 1
    assert "no column with structures" in capsys.readouterr().err


def test_a_damaged_table_is_refused(paraisite, tmp_path, capsys):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip_with_damage(b"id,cif\n1,data_\n"))
    assert paraisite("screen", path, "--out", tmp_path / "o.csv") == 1
    assert "cannot be read as a table" in capsys.readouterr().err


def test_parquet_with_files_as_bytes(paraisite, tmp_path, rocksalt_cif):
    rows = [{"id": "a", "cif": rocksalt_cif.encode()}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    assert screened(paraisite, tmp_path / "t.parquet", tmp_path) == {"a": "NaCl"}
