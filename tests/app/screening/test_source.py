"""Which files of a directory are crystals, and what they are called."""

import os

import pytest
from pymatgen.io.vasp import Poscar

from tests.app.screening.conftest import rows_of


def test_screen_takes_poscars_and_counts_what_is_neither(
    paraisite, cifs, tmp_path, capsys, rocksalt
):
    poscar = Poscar(rocksalt).get_str()
    for name in ("POSCAR", "deeper/contcar", "a.VASP", "b.poscar"):
        (cifs / name).write_text(poscar)
    (cifs / "nacl.cif").rename(cifs / "NACL.CIF")
    (cifs / "notes.txt").touch()
    (cifs / "OUTCAR").touch()
    paraisite("screen", cifs, "--out", tmp_path / "ltc.csv")
    good = {row["material_id"] for row in rows_of(tmp_path / "ltc.csv") if not row["error"]}
    poscars = {"POSCAR", "deeper/contcar", "a.VASP", "b.poscar"}
    assert good == poscars | {"NACL.CIF", "deeper/zns.cif"}
    assert "2 files" in capsys.readouterr().err


def test_a_file_that_is_too_large_is_not_read_whole(paraisite, cifs, tmp_path):
    with (cifs / "huge.cif").open("wb") as file:
        file.truncate(10**11)  # of zeros that take no place on the disk
    assert paraisite("screen", cifs, "--out", tmp_path / "ltc.csv") == 0
    rows = {row["material_id"]: row for row in rows_of(tmp_path / "ltc.csv")}
    assert rows["huge.cif"]["error"].startswith("structure-too-large")
    assert rows["nacl.cif"]["ltc_mean"]


@pytest.mark.parametrize("source", ["missing", "crystals.txt"])
def test_screen_of_something_else(paraisite, tmp_path, source, capsys):
    (tmp_path / "crystals.txt").touch()
    assert paraisite("screen", tmp_path / source, "--out", tmp_path / "ltc.csv") == 1
    assert "neither" in capsys.readouterr().err


def test_a_file_name_that_is_not_utf8(paraisite, ensemble, cifs, table, capsys):
    (cifs / "nacl.cif").rename(cifs / os.fsdecode(b"\xff.cif"))
    for _ in range(2):
        assert paraisite("screen", cifs, "--out", table) == 0
    assert r"\xff.cif" in [row["material_id"] for row in rows_of(table)]
    assert len(ensemble.calls) == 1
    assert paraisite("predict", cifs / os.fsdecode(b"\xff.cif")) == 0
    assert r"\xff.cif" in capsys.readouterr().out


@pytest.mark.timeout(60)
def test_what_is_no_regular_file_is_ignored_by_its_name(paraisite, cifs, tmp_path, capsys):
    os.mkfifo(cifs / "pipe")
    os.mkfifo(cifs / "pipe.cif")
    (cifs / "again").symlink_to(cifs / "deeper")
    (cifs / "lost.cif").symlink_to(cifs / "nowhere")
    assert paraisite("screen", cifs, "--out", tmp_path / "ltc.csv") == 0
    rows = {row["material_id"]: row for row in rows_of(tmp_path / "ltc.csv")}
    assert set(rows) == {"nacl.cif", "broken.cif", "deeper/zns.cif", "lost.cif"}
    assert rows["lost.cif"]["error"]
    assert "3 files that are no structure are ignored: again, pipe, pipe.cif" in (
        capsys.readouterr().err
    )


def test_a_source_without_a_crystal(paraisite, tmp_path, capsys):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    assert paraisite("screen", tmp_path / "notes", "--out", tmp_path / "ltc.csv") == 1
    told = capsys.readouterr().err
    assert "1 files that are no structure are ignored: a.txt" in told
    assert "notes holds no crystal" in told
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


def test_no_source(paraisite, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert paraisite("screen", "", "--out", tmp_path / "ltc.csv") == 1
    assert "The source is empty" in capsys.readouterr().err


def test_names_do_not_turn_the_terminal_round(paraisite, tmp_path, rocksalt_cif, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a\n\u202efic.cif").write_text(rocksalt_cif)
    (tmp_path / "in" / "b\x1b[2J.txt").touch()
    paraisite("screen", tmp_path / "in", "--out", tmp_path / "ltc.csv")
    shown = capsys.readouterr()
    assert r"a\n\u202efic.cif" in shown.out
    assert r"b\x1b[2J.txt" in shown.err
