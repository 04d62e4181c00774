"""The paraisite command: predict and screen, without a server; serve with one."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest

from app.cli import main
from models.domain import Assessment
from models.statistics import Interval
from tests.app.conftest import FakeEnsemble


def run_cli(ensemble, *arguments):
    options = [str(argument) for argument in arguments]
    return main([*options, "--ensemble", ensemble.name], load=lambda _s, _n: ensemble)


@pytest.fixture
def paraisite(ensemble):
    return partial(run_cli, ensemble)


class Sceptic(FakeEnsemble):
    """Doubts everything: the interval is a factor of two either way, the verdict outside."""

    def judge(self, graphs, fingerprints):
        doubt = Assessment("outside", ("No training crystal holds Na.",), (), (), 0.3)
        return [
            replace(
                judged,
                interval=Interval(0.9, judged.ltc.mean / 2, judged.ltc.mean * 2),
                assessment=doubt,
                cautions=("Likely a metal.",),
            )
            for judged in super().judge(graphs, fingerprints)
        ]


@pytest.fixture
def sceptic():
    return partial(run_cli, Sceptic())


@pytest.fixture
def cifs(tmp_path, rocksalt_cif, zincblende_cif):
    folder = tmp_path / "cifs"
    (folder / "deeper").mkdir(parents=True)
    (folder / "nacl.cif").write_text(rocksalt_cif)
    (folder / "broken.cif").write_text("data_broken\nnothing else")
    (folder / "deeper" / "zns.cif").write_text(zincblende_cif)
    return folder


def entry(material_id, structure):
    return {
        "material_id": material_id,
        "structure": {
            "lattice": structure.lattice.matrix.tolist(),
            "species": [site.specie.symbol for site in structure],
            "frac_coords": structure.frac_coords.tolist(),
        },
    }


def rows_of(table):
    with table.open(newline="") as file:
        if table.suffix == ".csv":
            return list(csv.DictReader(file))
        return [json.loads(line) for line in file]


def test_predict_prints_a_table(paraisite, cifs, capsys):
    assert paraisite("predict", cifs / "nacl.cif", cifs / "deeper" / "zns.cif") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "W/(m K)" in lines[0]
    assert lines[1].split()[1:] == ["NaCl", "14.400", "0.258", "-", "-", "-"]
    assert lines[2].split()[1:] == ["ZnS", "23.400", "0.258", "-", "-", "-"]


def test_predict_says_how_far_to_believe_it(sceptic, cifs, capsys):
    assert sceptic("predict", cifs / "nacl.cif") == 0
    line, *notes = capsys.readouterr().out.splitlines()[1:]
    assert line.split()[1:] == ["NaCl", "14.400", "0.258", "7.200", "28.800", "outside"]
    assert [note.strip() for note in notes] == ["No training crystal holds Na.", "Likely a metal."]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_screen_says_how_far_to_believe_it(sceptic, cifs, tmp_path, capsys, suffix):
    table = tmp_path / f"ltc{suffix}"
    sceptic("screen", cifs, "--out", table)
    rows = {row["material_id"]: row for row in rows_of(table)}
    row = rows["nacl.cif"]
    assert [float(row[f"interval_{name}"]) for name in ("level", "lower", "upper")] == [
        *(0.9, pytest.approx(7.2), pytest.approx(28.8))
    ]
    assert (row["verdict"], str(row["in_training_data"])) == ("outside", "False")
    assert (row["reasons"], row["warnings"]) == ("No training crystal holds Na.", "Likely a metal.")
    assert not rows["broken.cif"]["verdict"]
    assert capsys.readouterr().out.splitlines()[2].split()[2:] == [
        *("NaCl", "14.400", "0.258", "7.200", "28.800", "outside")
    ]


def test_a_table_with_other_columns_is_not_continued(paraisite, ensemble, cifs, tmp_path, capsys):
    table = tmp_path / "ltc.csv"
    table.write_text(f"material_id,digest,error\nnacl.cif,{ensemble.digest},\n")
    before = table.read_bytes()
    assert paraisite("screen", cifs, "--out", table) == 1
    assert "other columns" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_a_bad_file_does_not_stop_the_others(paraisite, cifs, capsys):
    files = [cifs / "broken.cif", cifs / "missing.cif", cifs / "nacl.cif"]
    assert paraisite("predict", *files, "--json") == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["error"] and row["error"].split(":")[0] for row in rows] == [
        "unreadable-structure",
        "unreadable-file",
        None,
    ]
    assert rows[2]["ltc_mean"] == pytest.approx(14.4)


def test_standard_input(paraisite, rocksalt_cif, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rocksalt_cif.encode())))
    assert paraisite("predict", "-", "--json") == 0
    assert json.loads(capsys.readouterr().out)["formula"] == "NaCl"


def test_no_ensemble_at_all(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ENSEMBLES_DIR", str(tmp_path))
    assert main(["predict", "any.cif"]) == 1
    assert "ENSEMBLES_DIR" in capsys.readouterr().err


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_screen_writes_and_ranks(paraisite, cifs, tmp_path, capsys, suffix):
    table = tmp_path / f"ltc{suffix}"
    assert paraisite("screen", cifs, "--out", table) == 0
    rows = {row["material_id"]: row for row in rows_of(table)}
    assert set(rows) == {"nacl.cif", "broken.cif", "deeper/zns.cif"}
    assert rows["broken.cif"]["error"].startswith("unreadable-structure")
    assert float(rows["deeper/zns.cif"]["ltc_mean"]) == pytest.approx(23.4)
    output = capsys.readouterr()
    ranking = [line.split()[1] for line in output.out.splitlines()[2:]]
    assert ranking == ["nacl.cif", "deeper/zns.cif"]
    assert "3/3 crystals, 1 failed" in output.err


def test_highest_first(paraisite, cifs, tmp_path, capsys):
    paraisite("screen", cifs, "--out", tmp_path / "t.csv", "--highest", "--top", 1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[2:]] == ["deeper/zns.cif"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_screen_resumes_after_an_interruption(paraisite, ensemble, tmp_path, rocksalt, suffix):
    source, table = tmp_path / "crystals.jsonl.gz", tmp_path / f"ltc{suffix}"
    lines = [json.dumps(entry(f"mp-{i}", rocksalt)) for i in range(5)]
    with gzip.open(source, "wt") as file:
        file.write("\n".join(lines))
    paraisite("screen", source, "--out", table)
    whole = table.read_bytes()
    table.write_bytes(whole[:-20])  # the last row is torn
    ensemble.calls.clear()
    assert paraisite("screen", source, "--out", table) == 0
    assert ensemble.calls == [1]
    assert table.read_bytes() == whole
    paraisite("screen", source, "--out", table)
    assert ensemble.calls == [1]


def test_screen_does_not_mix_ensembles(paraisite, ensemble, cifs, tmp_path, capsys):
    table = tmp_path / "ltc.csv"
    paraisite("screen", cifs, "--out", table)
    ensemble.digest = "sha256:other"
    assert paraisite("screen", cifs, "--out", table) == 1
    assert "another ensemble" in capsys.readouterr().err


def test_screen_reports_broken_lines_in_their_rows(paraisite, tmp_path, rocksalt):
    source, table = tmp_path / "crystals.jsonl", tmp_path / "ltc.jsonl"
    good = json.dumps(entry("mp-1", rocksalt))
    source.write_text(f'{{"torn\n{good}\n[]\n{{"material_id": "mp-2"}}\n')
    assert paraisite("screen", source, "--out", table) == 0
    rows = rows_of(table)
    assert [row["material_id"] for row in rows] == ["line 1", "mp-1", "line 3", "mp-2"]
    assert [row["error"] is None for row in rows] == [False, True, False, False]


def test_screen_works_in_batches(paraisite, ensemble, tmp_path, rocksalt):
    source = tmp_path / "crystals.jsonl"
    source.write_text("".join(json.dumps(entry(f"{i}", rocksalt)) + "\n" for i in range(150)))
    paraisite("screen", source, "--out", tmp_path / "ltc.csv")
    assert ensemble.calls == [64, 64, 22]


@pytest.mark.parametrize("source", ["missing", "crystals.txt"])
def test_screen_of_something_else(paraisite, tmp_path, source, capsys):
    (tmp_path / "crystals.txt").touch()
    assert paraisite("screen", tmp_path / source, "--out", tmp_path / "ltc.csv") == 1
    assert "neither" in capsys.readouterr().err


def test_screen_into_an_unknown_format(paraisite, cifs, tmp_path):
    assert paraisite("screen", cifs, "--out", tmp_path / "ltc.xlsx") == 2


def test_serve_ends_with_an_error_when_nothing_can_be_served(tmp_path):
    environment = os.environ | {"ENSEMBLES_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "app.cli", "serve", "--host", "127.0.0.1", "--port", "0"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "ENSEMBLES_DIR" in done.stderr
