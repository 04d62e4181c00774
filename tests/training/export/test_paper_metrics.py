"""Figures by the published procedure among an ensemble's metrics."""

import shutil

import pytest

from models.errors import DataError
from models.manifest import read_manifest
from tests.training.conftest import ROOT, SIZES
from training.evaluation.report import PaperCell, Report, Spread
from training.export.paper_metrics import paper_metrics
from training.export.write import REPORT

SHIPPED = ROOT / "models" / "ensembles"


def cell(preset, test_set):
    return PaperCell(
        preset=preset,
        name="dataset1-stage3",
        test_set=test_set,
        ours=Spread.of([0.5, 0.7]),
        table_mean=0.6,
        table_std=0.1,
        runs=None,
        from_table=None,
        from_runs=None,
    )


@pytest.fixture
def report(tmp_path):
    """A report on two presets and two test sets."""
    cells = [cell(preset, name) for preset in ("paper", "mine") for name in ("dataset1", "mix")]
    others = ("data", "evaluated", "held_out", "units", "decomposition", "epoch_choice")
    path = tmp_path / "report.json"
    path.write_text(Report(paper=tuple(cells), **dict.fromkeys(others, ())).model_dump_json())
    return path


def measured(preset, report, data):
    records = paper_metrics("dataset1-stage3", preset, report, data)
    return [(each.dataset, each.what.split()[4].rstrip(","), each.n_crystals) for each in records]


def test_an_ensemble_has_the_figures_of_its_own_preset(report, small_data):
    assert measured("mine", report, small_data) == [("dataset1", "mine", 2), ("mix", "mine", 5)]
    assert measured("smoke", report, small_data) == []


def test_the_shipped_ensembles_have_those_of_the_papers_training(report, small_data):
    assert measured("fast", report, small_data) == [("dataset1", "paper", 2), ("mix", "paper", 5)]


@pytest.mark.parametrize("name", ["aflow-stage2", "dataset1-stage3", "mix-stage3"])
def test_the_shipped_ensembles_would_be_exported_with_what_they_have(name, small_data):
    manifest = read_manifest(SHIPPED / name)
    shipped = [record for record in manifest.metrics if record.protocol == "paper"]
    again = paper_metrics(name, manifest.preset, REPORT, small_data)
    assert [(each.dataset, each.what) for each in again] == [
        (each.dataset, each.what) for each in shipped
    ]


def test_a_test_set_that_is_not_there_is_left_out_and_told(report, small_data, tmp_path, caplog):
    file = next(iter(SIZES))
    shutil.copyfile(small_data / file, tmp_path / file)
    assert measured("mine", report, tmp_path) == [("dataset1", "mine", 2)]
    assert "mix" in caplog.text
    assert "dataset2.jsonl.gz" in caplog.text


def test_a_report_that_is_not_there_is_told(tmp_path, caplog):
    caplog.set_level("INFO")
    assert measured("mine", tmp_path / "no report.json", tmp_path) == []
    assert "no report.json is not there" in caplog.text


def test_a_file_that_is_no_report_is_named(tmp_path):
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(DataError, match=r"report\.json is not an evaluation report"):
        measured("mine", tmp_path / "report.json", tmp_path)


def test_the_default_report_does_not_depend_on_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert REPORT.is_file()
