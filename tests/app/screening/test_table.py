"""Which files a screening continues, and which it leaves as they are."""

import csv

import pytest

from app.screening.table import exclusive


def test_a_table_with_other_columns_is_not_continued(paraisite, ensemble, cifs, tmp_path, capsys):
    table = tmp_path / "ltc.csv"
    table.write_text(f"material_id,digest,error\nnacl.cif,{ensemble.digest},\n")
    before = table.read_bytes()
    assert paraisite("screen", cifs, "--out", table) == 1
    assert "other columns" in capsys.readouterr().err
    assert table.read_bytes() == before


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


def test_a_torn_table_of_another_ensemble_stays_as_it_is(paraisite, ensemble, cifs, tmp_path):
    table = tmp_path / "ltc.csv"
    paraisite("screen", cifs, "--out", table)
    table.write_bytes(before := table.read_bytes()[:-9])
    ensemble.digest = "sha256:other"
    assert paraisite("screen", cifs, "--out", table) == 1
    assert table.read_bytes() == before


def test_screen_does_not_mix_ensembles(paraisite, ensemble, cifs, tmp_path, capsys):
    table = tmp_path / "ltc.csv"
    paraisite("screen", cifs, "--out", table)
    ensemble.digest = "sha256:other"
    assert paraisite("screen", cifs, "--out", table) == 1
    assert "another ensemble" in capsys.readouterr().err


def test_screen_into_an_unknown_format(paraisite, cifs, tmp_path):
    assert paraisite("screen", cifs, "--out", tmp_path / "ltc.xlsx") == 2


def test_two_screenings_do_not_write_to_one_table(paraisite, cifs, table, capsys):
    """Two at once used to write every crystal twice, and to end as if all were well."""
    assert paraisite("screen", cifs, "--out", table) == 0
    before = table.read_bytes()
    with exclusive(table):  # as another process holds it
        assert paraisite("screen", cifs, "--out", table) == 1
    assert "Another" in capsys.readouterr().err
    assert table.read_bytes() == before
    assert paraisite("screen", cifs, "--out", table) == 0


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
