"""A user's table of structure files and LTC."""

import errno
import gzip
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from models.crystal.graph import Cutoff
from models.errors import DataError
from tests.crystals import generated_crystals
from tests.training.fetch.test_materials_project import KEY, answer
from training.config import BondSettings, read_preset
from training.data.datasets import read_dataset
from training.own.start import choose_start, own_preset
from training.own.table import FEWEST_FORMULAS, write_own_set
from training.stages import MEGNET


@pytest.fixture
def table(tmp_path):
    """A table of CIFs in a folder beside it, all of formulas of their own."""
    folder = tmp_path / "cifs"
    folder.mkdir()
    lines = ["name,cif,ltc"]
    crystals = {c.composition.reduced_formula: c for c in generated_crystals(60, seed=3)}
    for number, crystal in enumerate([*crystals.values()][: FEWEST_FORMULAS + 3]):
        crystal.to(filename=str(folder / f"{number}.cif"))
        lines.append(f"crystal {number},cifs/{number}.cif,{1.5 + number}")
    path = tmp_path / "my.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_table_of_cifs_becomes_a_data_set(table, tmp_path):
    out = tmp_path / "run" / "mine.jsonl.gz"
    n_crystals = write_own_set(table, out)
    dataset = read_dataset("mine", out.parent)
    assert len(dataset) == n_crystals == FEWEST_FORMULAS + 3
    assert dataset.crystals[1].material_id == "cifs/1.cif"
    assert dataset.crystals[1].ltc == 2.5


def test_files_are_read_as_the_service_reads_an_upload(table, tmp_path, caplog):
    first, second = (table.parent / "cifs" / name for name in ("0.cif", "1.cif"))
    first.write_bytes("# Universität\n".encode("latin-1") + first.read_bytes())
    second.with_name("1.cif.gz").write_bytes(gzip.compress(second.read_bytes()))
    table.write_text(table.read_text().replace("1.cif,2.5", "1.cif.gz,2.5"))
    assert write_own_set(table, tmp_path / "mine.jsonl.gz") == FEWEST_FORMULAS + 3
    assert not caplog.records


def test_the_same_table_is_not_read_again_another_is_refused(table, tmp_path):
    out = tmp_path / "run" / "mine.jsonl.gz"
    first = write_own_set(table, out)
    (table.parent / "cifs" / "0.cif").unlink()
    assert write_own_set(table, out) == first
    table.write_text(table.read_text() + "more,cifs/1.cif,2\n")
    with pytest.raises(DataError, match="of another table"):
        write_own_set(table, out)


def test_a_set_whose_writing_breaks_off_is_written_again(table, tmp_path, monkeypatch):
    def torn(path, content):
        with path.open("wb") as file:
            file.write(content[: len(content) // 2] if ".jsonl" in path.name else content)
        if ".jsonl" in path.name:
            raise OSError(errno.ENOSPC, "no space left")

    out = tmp_path / "run" / "mine.jsonl.gz"
    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", torn)
        with pytest.raises(OSError, match="no space"):
            write_own_set(table, out)
    assert write_own_set(table, out) == len(read_dataset("mine", out.parent))


def test_lines_that_cannot_be_used_are_named_with_the_reason(table, tmp_path, caplog):
    bad = {
        "cifs/nowhere.cif,3": "nowhere.cif",
        "cifs/0.cif,3": "is on an earlier line",
        "cifs/bad.cif,3": "line",
        "cifs/1.cif,much": "could not convert",
        "cifs/2.cif,-1": "greater than 0",
    }
    (table.parent / "cifs" / "bad.cif").write_text("not a crystal")
    n_lines = len(table.read_text().splitlines())
    table.write_text(table.read_text() + "".join(f"x,{line}\n" for line in bad))
    with caplog.at_level(logging.WARNING):
        assert write_own_set(table, tmp_path / "a.jsonl.gz") == n_lines - 1
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == len(bad)
    for number, (message, reason) in enumerate(zip(said, bad.values(), strict=True)):
        assert f"line {n_lines + number + 1} is not used" in message
        assert reason in message


def test_too_few_formulas_are_said(table, tmp_path):
    lines = table.read_text().splitlines()
    table.write_text("\n".join(lines[:FEWEST_FORMULAS]) + "\n")
    with pytest.raises(DataError, match=f"need {FEWEST_FORMULAS}"):
        write_own_set(table, tmp_path / "a.jsonl.gz")


@pytest.mark.parametrize("text", ["", "cif,kappa\n", "formula,ltc\n"])
def test_a_table_without_its_columns_is_refused(tmp_path, text):
    (tmp_path / "my.csv").write_text(text)
    with pytest.raises(DataError, match="needs a column `ltc` and one of `cif` or `material_id`"):
        write_own_set(tmp_path / "my.csv", tmp_path / "a.jsonl.gz")


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        write_own_set(tmp_path / "nowhere.csv", tmp_path / "a.jsonl.gz")


def test_ids_come_from_the_materials_project(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", KEY)
    web = serve(answer)
    (tmp_path / "my.csv").write_text("material_id,ltc\nmp-1,2\nmp-2,3\nmp-999,4\n")
    with pytest.raises(DataError, match="2 usable crystals of 1 formulas"):
        write_own_set(tmp_path / "my.csv", tmp_path / "a.jsonl.gz", web.url)


def test_the_start_is_the_best_there_is(tmp_path, caplog):
    with caplog.at_level("INFO"):
        assert choose_start(tmp_path) == MEGNET
    assert f"start from {MEGNET}, the best start in {tmp_path}" in caplog.text
    (tmp_path / "aflow-stage2").mkdir()
    (tmp_path / "aflow-stage2" / "manifest.json").touch()
    assert choose_start(tmp_path) == "aflow-stage2"


def test_the_network_and_loss_are_those_of_the_start():
    base, parent = read_preset("own"), replace(read_preset("fast"), mlp=(12, 8))
    preset = own_preset(base, "mine", parent)
    assert (preset.architecture, preset.loss) == (parent.architecture, parent.loss)
    changed = replace(parent, bonds=BondSettings(cutoff=4.5, fade_from=3.5))
    assert own_preset(base, "mine", changed).inputs.cutoff == Cutoff(3.5, 4.5)
    assert preset.split == replace(base.split, dealt=("mine",))
    assert own_preset(base, "mine", None).schedule("mine", "mine").weights == {}
