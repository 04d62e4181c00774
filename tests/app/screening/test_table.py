"""Which files a screening continues, and which it leaves as they are."""

import csv
import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.screening.run.parts import Parts
from app.screening.table.columns import COLUMNS
from app.screening.table.files import read_batches, read_provenance
from app.screening.table.row import Row, make_row
from models.crystal.crystal import Crystal
from tests.app.page.fake_ensembles import CompleteEnsemble
from tests.app.screening.conftest import rows_of
from tests.crystals import ROCKSALT

FOREIGN = {
    "no newline": b"precious",
    "torn": b"precious,columns\n1,2\n3",
    "header only": b"precious,columns\n",
    "blank line": b"\n",
    "not text": b"\xff\xfe\n\x80",
    "a list": b"[1]\n",
    "a number": b"1\n2",
    "other object": b'{"precious": 1}\n{',
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_file_that_is_no_table_stays_as_it_is(paraisite, cifs, table, capsys, content):
    table.write_bytes(content)
    assert paraisite("screen", cifs, "--out", table) == 1
    assert "choose another file" in capsys.readouterr().err
    assert table.read_bytes() == content


def test_screen_does_not_mix_ensembles(paraisite, ensemble, cifs, table, capsys):
    paraisite("screen", cifs, "--out", table)
    before = table.read_bytes()
    ensemble.digest = "sha256:other"
    assert paraisite("screen", cifs, "--out", table) == 1
    assert "digest sha256:mix-stage3, not sha256:other" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_screen_into_an_unknown_format(paraisite, cifs, tmp_path):
    assert paraisite("screen", cifs, "--out", tmp_path / "ltc.xlsx") == 2


@pytest.mark.parametrize("option", ["--top", "--below", "--above", "--workers"])
def test_a_number_that_makes_no_sense_is_refused_before_the_work(
    paraisite, ensemble, cifs, capsys, option
):
    with pytest.raises(SystemExit) as stop:
        paraisite("screen", cifs, "--out", cifs / "ltc.csv", option, "-1")
    assert stop.value.code == 2
    assert f"argument {option}: '-1' is not" in capsys.readouterr().err
    assert not ensemble.calls


def test_two_screenings_do_not_write_to_one_table(paraisite, cifs, table, capsys):
    """Two at once used to write every crystal twice, and to end as if all were well."""
    assert paraisite("screen", cifs, "--out", table) == 0
    before = table.read_bytes()
    with Parts.of(table):  # as another process holds it
        assert paraisite("screen", cifs, "--out", table) == 1
    assert "Another" in capsys.readouterr().err
    assert table.read_bytes() == before
    assert paraisite("screen", cifs, "--out", table) == 0


def test_parquet_has_units_descriptions_and_provenance(paraisite, ensemble, cifs, tmp_path):
    table = tmp_path / "ltc.parquet"
    paraisite("screen", cifs, "--out", table, "--below", 2)
    schema = pq.read_schema(table)
    assert schema.names == list(COLUMNS)
    assert schema.field("ltc_mean").metadata[b"unit"] == b"W/(m K)"
    assert all(schema.field(name).metadata[b"description"] for name in COLUMNS)
    provenance = read_provenance(table)
    assert (provenance.n_rows, provenance.n_failed) == (3, 1)
    assert provenance.run.source == "cifs"
    assert provenance.command[:3] == ("paraisite", "screen", str(cifs))
    assert (provenance.run.digest, provenance.run.below) == (ensemble.digest, 2)


def test_every_column_is_documented():
    page = (Path(__file__).parents[3] / "docs/screening.md").read_text()
    for name in COLUMNS:
        assert f"| `{name}` |" in page
        assert str(Row.model_fields[name].description) in page


def test_a_row_has_what_was_estimated_from_phonons():
    (prediction,) = CompleteEnsemble().predict([Crystal.of(ROCKSALT.crystal(["Na", "Cl"], 2.8))])
    assert prediction.domain
    (estimate,) = prediction.domain.phonon_estimates
    row_of = partial(make_row, index=0, material_id="a", ensemble="e", digest="d")
    assert row_of(prediction).phonon_estimate == estimate.ltc
    plain = prediction.domain.model_copy(update={"phonon_estimates": ()})
    assert row_of(prediction.model_copy(update={"domain": plain})).phonon_estimate is None


def test_other_formats_have_the_same_beside_them(paraisite, cifs, tmp_path):
    paraisite("screen", cifs, "--out", tmp_path / "ltc.csv")
    paraisite("screen", cifs, "--out", tmp_path / "ltc.parquet")
    document = json.loads((tmp_path / "ltc.csv-metadata.json").read_text())
    assert [column["name"] for column in document["tableSchema"]["columns"]] == list(COLUMNS)
    provenance = read_provenance(tmp_path / "ltc.csv")
    assert provenance.inputs == read_provenance(tmp_path / "ltc.parquet").inputs


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_every_format_reads_back_alike(sceptic, cifs, tmp_path, suffix):
    sceptic("screen", cifs, "--out", tmp_path / "a.parquet")
    sceptic("screen", cifs, "--out", table := tmp_path / f"b{suffix}")
    rows = [row for batch in read_batches(table, list(COLUMNS)) for row in batch.to_pylist()]
    assert rows == rows_of(tmp_path / "a.parquet")


def test_a_disk_that_is_full_says_what_is_saved(cifs, tmp_path):
    """A real limit on the size of files stands for the disk."""
    out = tmp_path / "ltc.parquet"
    script = (
        "import resource, sys; from app.cli import main; from tests.app.conftest import *;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000));"
        "sys.exit(run_cli(FakeEnsemble(), *sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "screen", str(cifs), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "0 rows are saved" in done.stderr
    assert not list(tmp_path.glob("**/*unfinished"))


def test_a_place_that_cannot_be(paraisite, cifs, tmp_path, capsys):
    assert paraisite("screen", cifs, "--out", cifs / "nacl.cif" / "ltc.parquet") == 1
    assert "nothing is saved" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_place_that_cannot_be_written_to(paraisite, cifs, tmp_path, capsys):
    (tmp_path / "closed").mkdir(mode=0o500)
    assert paraisite("screen", cifs, "--out", tmp_path / "closed" / "ltc.parquet") == 1
    assert "nothing is saved" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["=1+1.cif", "+1.cif", "-1.cif", "@x.cif", "'q.cif", "'=x.cif"])
def test_no_cell_of_a_table_is_a_formula_and_it_resumes(paraisite, tmp_path, rocksalt_cif, name):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / name).write_text(rocksalt_cif)
    out = tmp_path / "table.csv"
    for _ in range(2):
        assert paraisite("screen", folder, "--out", out) == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["material_id"] for row in rows] == [f"'{name}"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
