"""Places that a screening writes to: what they may not be is told before any work."""

import os
from pathlib import Path

import pytest

from app.cli import main
from tests.app.screening.conftest import rows_of


@pytest.fixture
def refused(cifs, tmp_path, monkeypatch, capsys):
    """A function that screens, sees that nothing is loaded or written, and gives the error."""
    monkeypatch.chdir(tmp_path)

    def load(*_):
        raise AssertionError("loaded")

    def run(*options, out="ltc.csv"):
        before = sorted(tmp_path.rglob("*"))
        command = ["screen", str(cifs), "--out", out, *options, "--workers", "1"]
        assert main([*command, "--ensemble", "mix-stage3"], load=load) == 1
        assert sorted(tmp_path.rglob("*")) == before
        return capsys.readouterr().err

    return run


@pytest.fixture
def occupied(tmp_path):
    """A folder, a file, a pipe, a link to itself and one to a file of another kind."""
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").write_text("precious")
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    (tmp_path / "other.csv").symlink_to("ltc.parquet")
    (tmp_path / "described.csv-metadata.json").mkdir()


@pytest.mark.usefixtures("occupied")
@pytest.mark.parametrize(
    ("out", "cause"),
    [
        ("folder.csv", "folder.csv is a folder"),
        ("pipe.csv", "pipe.csv is no regular file"),
        ("loop.csv", "loop.csv is a link that leads to itself"),
        ("other.csv", "other.csv is a link to"),
        ("described.csv", "described.csv-metadata.json is a folder"),
        ("file/ltc.csv", "file is no folder"),
    ],
)
def test_what_cannot_be_a_table(refused, out, cause):
    told = refused(out=out)
    assert cause in told
    assert "--out" in told


@pytest.mark.usefixtures("occupied")
@pytest.mark.parametrize(
    ("option", "path", "cause"),
    [
        ("--report", "folder.csv", "folder.csv is a folder"),
        ("--report", "pipe.csv", "pipe.csv is no regular file"),
        ("--report", "file/deeper/r.html", "file is no folder"),
        ("--report", "ltc.csv/r.html", "ltc.csv is no folder, but the table"),
        ("--shortlist", "file", "file is no folder"),
        ("--shortlist", "loop.csv", "loop.csv is a link that leads to itself"),
        ("--shortlist", "file/list", "file is no folder"),
        ("--shortlist", "ltc.csv", "ltc.csv is no folder, but the table"),
        ("--shortlist", "ltc.csv/list", "ltc.csv is no folder, but the table"),
    ],
)
def test_what_cannot_be_a_report_or_shortlist(refused, option, path, cause):
    told = refused(option, path)
    assert cause in told
    assert option in told


@pytest.mark.parametrize("option", ["--out", "--report", "--shortlist"])
def test_a_folder_that_may_not_be_written_to(refused, tmp_path, monkeypatch, option):
    (tmp_path / "locked").mkdir()
    monkeypatch.setattr("os.access", lambda path, _mode: Path(path).name != "locked")
    options = () if option == "--out" else (option, "locked/deeper/x.csv")
    told = refused(*options, out="locked/x.csv" if option == "--out" else "ltc.csv")
    assert "locked may not be written to" in told
    assert option in told


def test_a_place_is_not_both_a_file_and_a_folder(refused):
    assert "r.html is no folder, but the report" in refused(
        "--report", "r.html", out="r.html/a.csv"
    )
    told = refused("--report", "both", "--shortlist", "both")
    assert "both is no folder, but the report" in told


def test_a_file_that_is_no_table_is_told_before_the_ensemble_is_loaded(refused, tmp_path):
    (tmp_path / "ltc.csv").write_text("precious")
    assert "choose another file" in refused()


def test_a_link_stays_a_link(paraisite, cifs, table, tmp_path):
    """Both of a table that is there, and of one that is not yet."""
    kept = tmp_path / "kept"
    kept.mkdir()
    table.symlink_to(kept / table.name)
    report = tmp_path / "r.html"
    report.symlink_to(kept / "r.html")
    for _ in range(2):
        assert paraisite("screen", cifs, "--out", table, "--report", report) == 0
        assert table.is_symlink()
        assert report.is_symlink()
        assert len(rows_of(kept / table.name)) == 3
        assert "NaCl" in (kept / "r.html").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"cifs", "kept", table.name, "r.html"}
