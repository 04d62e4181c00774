"""Structures in JSON lines, good and bad."""

import gzip
import json

import pytest

from tests.app.screening.conftest import entry, rows_of
from tests.damaged import gzip_with_damage


def test_screen_reports_broken_lines_in_their_rows(paraisite, tmp_path, rocksalt):
    source, table = tmp_path / "crystals.jsonl", tmp_path / "ltc.jsonl"
    good = json.dumps(entry("mp-1", rocksalt))
    source.write_text(f'{{"torn\n{good}\n[]\n{{"material_id": "mp-2"}}\n')
    assert paraisite("screen", source, "--out", table) == 0
    rows = rows_of(table)
    assert [row["material_id"] for row in rows] == ["line 1", "mp-1", "line 3", "mp-2"]
    assert [row["error"] is None for row in rows] == [False, True, False, False]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"species": ["Na", "Cl", "Cl"]}, "3 species but 2 positions"),
        ({"species": [], "frac_coords": []}, "positions are not three numbers"),
        ({"frac_coords": [[0, 0, 0], [0, 0, float("nan")]]}, "JSON cannot be read"),
    ],
)
def test_a_bad_structure_is_the_error_of_its_row(paraisite, table, rocksalt, change, reason):
    rocksalt = rocksalt.get_primitive_structure()
    bad, good = entry("bad", rocksalt), entry(7, rocksalt)
    bad["structure"] |= change
    source = table.parent / "crystals.jsonl"
    source.write_text(f"{json.dumps(bad)}\n{json.dumps(good)}\n")
    assert paraisite("screen", source, "--out", table) == 0
    rows = rows_of(table)
    assert reason in rows[0]["error"]
    assert (rows[1]["material_id"], rows[1]["error"] or None) == ("7", None)


@pytest.mark.parametrize("line", [b'{"material_id": "\xff"}', b'{"material_id": "\\ud800"}'])
def test_a_line_that_is_not_utf8_goes_by_its_number(paraisite, ensemble, tmp_path, rocksalt, line):
    source, table = tmp_path / "crystals.jsonl", tmp_path / "ltc.csv"
    source.write_bytes(line + b"\n" + json.dumps(entry("mp-1", rocksalt)).encode())
    paraisite("screen", source, "--out", table)
    paraisite("screen", source, "--out", table)
    assert [row["material_id"] for row in rows_of(table)] == ["line 1", "mp-1"]


@pytest.mark.parametrize(
    "damage",
    [lambda whole: gzip.compress(whole)[:-12], lambda whole: b"no gzip", gzip_with_damage],
    ids=["cut off", "not gzip", "damaged"],
)
def test_a_source_that_is_not_whole_is_refused(paraisite, tmp_path, rocksalt, capsys, damage):
    source, table = tmp_path / "crystals.jsonl.gz", tmp_path / "ltc.csv"
    source.write_bytes(damage(json.dumps(entry("mp-1", rocksalt)).encode()))
    assert paraisite("screen", source, "--out", table) == 1
    assert "not a whole gzip file" in capsys.readouterr().err
    assert not table.exists()


def test_ids_that_are_null_are_passed_over(paraisite, tmp_path, rocksalt):
    source, table = tmp_path / "crystals.jsonl", tmp_path / "ltc.jsonl"
    structure = entry("", rocksalt)["structure"]
    named: list[dict[str, object]] = [
        {"material_id": None, "id": "x"},
        {"material_id": {"$oid": "1"}, "jid": 7, "id": "y"},
        {"id": None},
    ]
    source.write_text("".join(json.dumps(n | {"structure": structure}) + "\n" for n in named))
    assert paraisite("screen", source, "--out", table) == 0
    assert [row["material_id"] for row in rows_of(table)] == ["x", "7", "line 3"]
