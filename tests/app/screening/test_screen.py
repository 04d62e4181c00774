"""A screening from source to table, in one go and in several."""

import json

import pytest

from app.screening.probability import NORMAL
from tests.app.conftest import run_cli
from tests.app.screening.conftest import entry, rows_of, write_lines


def test_screen_writes_and_ranks(paraisite, cifs, table, capsys):
    assert paraisite("screen", cifs, "--out", table) == 0
    rows = {row["material_id"]: row for row in rows_of(table)}
    assert set(rows) == {"nacl.cif", "broken.cif", "deeper/zns.cif"}
    assert rows["broken.cif"]["error"].startswith("unreadable-structure")
    assert float(rows["deeper/zns.cif"]["ltc_mean"]) == pytest.approx(23.4)
    assert [int(row["index"]) for row in rows_of(table)] == [0, 1, 2]
    output = capsys.readouterr()
    assert "3/3" in output.err
    assert "failed=1" in output.err
    ranking = [line.split()[1] for line in output.out.splitlines()[3:]]
    assert ranking == ["nacl.cif", "deeper/zns.cif"]


def test_screen_says_how_far_to_believe_it(sceptic, cifs, table, capsys):
    sceptic("screen", cifs, "--out", table)
    rows = {row["material_id"]: row for row in rows_of(table)}
    row = rows["nacl.cif"]
    assert [float(row[f"interval_{name}"]) for name in ("level", "lower", "upper")] == [
        *(0.9, pytest.approx(7.2), pytest.approx(28.8))
    ]
    assert (row["verdict"], str(row["in_training_data"]).lower()) == (
        "outside",
        "false",
    )
    assert (row["reasons"], row["warnings"]) == ("No training crystal holds Na.", "Likely a metal.")
    assert not rows["broken.cif"]["verdict"]
    assert float(row["probability_below"]) == pytest.approx(NORMAL.cdf(-6.331), abs=1e-4)
    assert float(row["probability_above"]) == pytest.approx(NORMAL.cdf(-4.5989), abs=1e-4)
    outside = capsys.readouterr().out.partition("outside the domain")[2].splitlines()
    assert outside[2].split()[2:] == [
        *("NaCl", "0.000", "14.400", "0.258", "7.200", "28.800", "outside")
    ]


@pytest.fixture
def interrupt(monkeypatch, ensemble):
    """Chunks of two crystals, and a function that interrupts a screening in the third chunk."""
    monkeypatch.setattr("app.screening.run.chunks.CRYSTALS", 2)

    def run(*command):
        with monkeypatch.context() as patch:
            patch.setattr(ensemble, "predict", interrupted(ensemble.predict, after=2))
            assert run_cli(ensemble, *command) == 130

    return run


@pytest.fixture
def source(tmp_path, rocksalt):
    return write_lines(tmp_path / "crystals.jsonl", [rocksalt] * 5)


def test_screen_resumes_after_an_interruption(paraisite, ensemble, source, table, interrupt):
    whole = table.with_stem("whole")
    paraisite("screen", source, "--out", whole)
    ensemble.calls.clear()
    interrupt("screen", source, "--out", table)
    assert not table.exists()
    assert paraisite("screen", source, "--out", table) == 0
    assert ensemble.calls == [2, 2, 1]
    assert rows_of(table) == rows_of(whole)
    assert not list(table.parent.glob("*.parts"))
    assert paraisite("screen", source, "--out", table) == 0
    assert ensemble.calls == [2, 2, 1]


def interrupted(predict, after):
    calls = iter(range(after))

    def wrapped(crystals):
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return predict(crystals)

    return wrapped


def test_a_source_that_changed_while_it_was_screened_is_judged_as_it_is_now(
    paraisite, source, table, interrupt, zincblende
):
    interrupt("screen", source, "--out", table)
    lines = source.read_text().splitlines()
    other = json.dumps(entry("mp-0", zincblende))
    source.write_text("\n".join([other, *lines[1:], other]))
    assert paraisite("screen", source, "--out", table) == 0
    assert [row["formula"] for row in rows_of(table)] == ["ZnS", *["NaCl"] * 4, "ZnS"]
    source.write_text(other)
    assert paraisite("screen", source, "--out", table) == 1


def test_a_moved_folder_is_the_same_source(paraisite, ensemble, cifs, table):
    paraisite("screen", cifs, "--out", table)
    ensemble.calls.clear()
    before = table.read_bytes()
    (cifs.parent / "elsewhere").mkdir()
    moved = cifs.rename(cifs.parent / "elsewhere" / cifs.name)
    assert paraisite("screen", moved, "--out", table) == 0
    assert ensemble.calls == []
    assert table.read_bytes() == before
