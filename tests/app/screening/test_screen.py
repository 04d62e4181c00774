"""A screening from source to table, in one go and in several."""

import gzip
import json

import pytest

from tests.app.screening.conftest import entry, rows_of


def test_screen_writes_and_ranks(paraisite, cifs, table, capsys):
    assert paraisite("screen", cifs, "--out", table) == 0
    rows = {row["material_id"]: row for row in rows_of(table)}
    assert set(rows) == {"nacl.cif", "broken.cif", "deeper/zns.cif"}
    assert rows["broken.cif"]["error"].startswith("unreadable-structure")
    assert float(rows["deeper/zns.cif"]["ltc_mean"]) == pytest.approx(23.4)
    output = capsys.readouterr()
    ranking = [line.split()[1] for line in output.out.splitlines()[2:]]
    assert ranking == ["nacl.cif", "deeper/zns.cif"]
    assert "3/3 crystals, 1 failed" in output.err


def test_screen_says_how_far_to_believe_it(sceptic, cifs, table, capsys):
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


def test_screen_resumes_after_an_interruption(paraisite, ensemble, tmp_path, table, rocksalt):
    source = tmp_path / "crystals.jsonl.gz"
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


def test_files_of_the_same_name_in_two_folders_are_two_crystals(
    paraisite, cifs, table, capsys, zincblende_cif
):
    other = cifs.parent / "other"
    other.mkdir()
    (other / "nacl.cif").write_text(zincblende_cif)
    paraisite("screen", cifs, "--out", table)
    paraisite("screen", other, "--out", table)
    assert "1/1 crystals, 0 failed" in capsys.readouterr().err
    ids = [(row["material_id"], row["formula"]) for row in rows_of(table)]
    assert ids[-2:] == [("nacl.cif", "NaCl"), ("nacl.cif", "ZnS")]


def test_a_moved_folder_resumes_and_counts_what_failed_before(
    paraisite, ensemble, cifs, table, capsys
):
    paraisite("screen", cifs, "--out", table)
    ensemble.calls.clear()
    before = table.read_bytes()
    moved = cifs.rename(cifs.parent / "moved")
    assert paraisite("screen", moved, "--out", table) == 0
    assert capsys.readouterr().err.splitlines()[-1].strip().startswith("3/3 crystals, 1 failed")
    assert ensemble.calls == []
    assert table.read_bytes() == before
