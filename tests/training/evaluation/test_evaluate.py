"""The whole report from runs of made-up members."""

import dataclasses
import re
import shutil

import matplotlib.image
import pytest

from training.__main__ import main
from training.config import SplitSettings
from training.data.catalogue import CATALOGUE
from training.evaluation import baselines, evaluate
from training.evaluation.outputs import read_outputs, write_outputs
from training.evaluation.page import BEGIN, END, write_pages
from training.evaluation.report import Report


@pytest.fixture(scope="session")
def out(tmp_path_factory, data_dir, runs):
    """The folder that `evaluate` wrote to."""
    folder = tmp_path_factory.mktemp("docs")
    arguments = ["evaluate", "--data", str(data_dir), "--out", str(folder)]
    nothing = str(folder / "ensembles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "TREES", 4)
        patch.setattr(baselines, "SEARCHED_TREES", 2)
        patch.setattr(baselines, "N_SPLITS", 3)
        assert main([*arguments, "--ensembles", nothing, "--run", *map(str, runs)]) == 0
    return folder


@pytest.fixture
def undrawn(monkeypatch):
    """No figures: they are most of the time, and `out` has them."""
    monkeypatch.setattr(evaluate, "draw_figures", lambda *_: [])


def report_in(folder):
    return Report.model_validate_json((folder / "reproduction" / "report.json").read_text())


def test_everything_found_is_in_the_report(out):
    report = report_in(out)
    ensembles = {(e.preset, e.name) for e in report.evaluated if e.preset != "baseline"}
    names = {"dataset1-stage2", "dataset1-stage3", "mix-stage3", "aflow-stage2"}
    assert ensembles == {(p, name) for p in ("held-out", "published") for name in names}
    assert {cell.preset for cell in report.paper} == {"published"}
    assert {(c.name, c.test_set) for c in report.paper} == {
        (name, test_set) for name in names for test_set in ("dataset1", "dataset2", "mix", "aflow")
    }


def test_cells_carry_what_the_paper_says_of_them(out):
    cells = {(cell.name, cell.test_set): cell for cell in report_in(out).paper}
    known = cells["dataset1-stage2", "dataset1"]
    assert (known.table_mean, known.table_std) == (0.5, 0.1)
    assert known.runs is not None
    assert known.runs.mean == pytest.approx(0.5)
    assert known.runs.std == pytest.approx(0.2739, abs=1e-4)
    assert known.from_table == pytest.approx((known.ours.mean - 0.5) / 0.1)
    unknown = cells["aflow-stage2", "aflow"]
    assert unknown.table_mean is None
    assert unknown.runs is None
    assert unknown.from_table is None


def test_learning_and_units_add_up(out):
    rows = {(row.preset, row.dataset): row for row in report_in(out).decomposition}
    assert set(rows) == {("held-out", "dataset1"), ("published", "dataset1")}
    for row in rows.values():
        assert row.learning.mean + row.units.mean == pytest.approx(
            row.after_published.mean - row.before.mean
        )
        assert abs(row.units.mean) > 1e-3


def test_published_members_show_the_same_error_on_the_published_scale(out):
    report = report_in(out)
    units = {
        (c.preset, c.name, c.test_set): c.published_scale.mean
        for c in report.units
        if c.preset == "published"
    }
    paper = {(c.preset, c.name, c.test_set): c.ours.mean for c in report.paper}
    assert units
    for key, value in units.items():
        assert value == pytest.approx(paper[key], rel=0.1), key


def test_an_ensemble_that_is_not_there_has_no_cell(out):
    report = report_in(out)
    page = (out / "reproduction/01-ensembles-and-data.md").read_text()
    assert not [cell for cell in report.paper if cell.name == "dataset2-stage3"]
    assert "dataset2-stage3 (" not in page
    missing = [line for line in page.splitlines() if line.startswith("  - not there:")]
    assert len(missing) == 2
    assert all("dataset2-stage3" in line for line in missing)


def test_every_figure_on_the_page_is_there_and_shows_something(out):
    pages = "".join(path.read_text() for path in (out / "reproduction").glob("*.md"))
    shown = re.findall(r"!\[[^]]+\]\(../(images/[^)]+)\)", pages)
    assert len(shown) == len(set(shown)) == len(list((out / "images").iterdir())) >= 6
    for name in shown:
        pixels = matplotlib.image.imread(out / name)
        assert pixels.shape[1] > 1000
        assert pixels[..., :3].std() > 0.05


def test_the_summary_keeps_its_words_and_gets_a_new_table(out, tmp_path):
    report = report_in(out)
    (tmp_path / "reproduction").mkdir()
    summary = tmp_path / "reproduction.md"
    summary.write_text(f"# Ours\n\nBefore.\n\n{BEGIN}| old |\n{END}\nAfter.\n")
    for _ in range(2):
        assert write_pages(report, [], tmp_path)[0] == summary
    text = summary.read_text()
    assert text.startswith("# Ours\n\nBefore.\n\n<!-- table -->\nWithin one ")
    assert text.endswith("<!-- end -->\n\nAfter.\n")
    assert "old" not in text
    (cell,) = (c for c in report.paper if (c.name, c.test_set) == ("dataset1-stage2", "dataset1"))
    assert f"{cell.ours.mean:.2f} / 0.50" in text


@pytest.mark.usefixtures("undrawn")
def test_without_weights_the_kept_answers_give_the_same_report(out, data_dir, tmp_path):
    before = report_in(out)
    copy = shutil.copytree(out, tmp_path / "docs")
    nothing = str(tmp_path / "nothing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baselines, "FITS", {})  # nor is anything fitted again
        arguments = ["evaluate", "--data", str(data_dir), "--out", str(copy)]
        assert main([*arguments, "--ensembles", nothing, "--run"]) == 0
    after = report_in(copy)
    assert after == before


def test_kept_answers_to_other_data_stop(out, data_dir, tmp_path, capsys):
    copy = shutil.copytree(out, tmp_path / "docs")
    (path,) = (copy / "reproduction" / "outputs" / "held-out").glob("aflow-stage2.npz")
    kept = read_outputs(path)
    short = {name: values[:, :-1] for name, values in kept.targets.items()}
    write_outputs(dataclasses.replace(kept, targets=short), path.parent.parent)
    arguments = ["evaluate", "--data", str(data_dir), "--out", str(copy), "--run"]
    assert main([*arguments, "--ensembles", str(tmp_path / "nothing")]) == 2
    assert "not of this data set" in capsys.readouterr().err


@pytest.mark.usefixtures("undrawn")
def test_without_the_set_that_is_not_fetched_all_else_is_evaluated(data_dir, runs, tmp_path):
    data = shutil.copytree(data_dir, tmp_path / "data")
    (data / CATALOGUE["phonix"].file_name).unlink()
    folder = tmp_path / "docs"
    arguments = ["evaluate", "--data", str(data), "--out", str(folder), "--only", "published"]
    nothing = str(tmp_path / "nothing")
    assert main([*arguments, "--ensembles", nothing, "--run", *map(str, runs)]) == 0
    report = report_in(folder)
    assert "phonix_2026" in {cell.test_set for cell in report.held_out}
    assert "phonix" not in {cell.test_set for cell in report.held_out}


def test_kept_answers_that_need_another_set_stop_before_any_is_replaced(
    out, data_dir, runs, tmp_path, capsys
):
    copy = shutil.copytree(out, tmp_path / "docs")
    data = shutil.copytree(data_dir, tmp_path / "data")
    (data / CATALOGUE["phonix"].file_name).unlink()
    kept = copy / "reproduction" / "outputs"
    entry = read_outputs(kept / "held-out" / "aflow-stage2.npz")
    split = SplitSettings(kind="grouped", dealt=("aflow", "phonix"))
    write_outputs(dataclasses.replace(entry, name="older", split=split), kept)
    before = {path: path.read_bytes() for path in kept.rglob("*.npz")}
    arguments = ["evaluate", "--data", str(data), "--out", str(copy), "--only", "published"]
    assert main([*arguments, "--run", *map(str, runs)]) == 2
    assert "choose another --out" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in kept.rglob("*.npz")} == before


@pytest.mark.usefixtures("undrawn")
def test_only_the_presets_named_are_answered_anew(out, data_dir, runs, tmp_path):
    copy = shutil.copytree(out, tmp_path / "docs")
    kept = copy / "reproduction" / "outputs"
    for preset in ("held-out", "published"):
        path = kept / preset / "aflow-stage2.npz"
        write_outputs(dataclasses.replace(read_outputs(path), digest="of other weights"), kept)
    arguments = ["evaluate", "--data", str(data_dir), "--out", str(copy), "--only", "published"]
    nothing = str(tmp_path / "nothing")
    assert main([*arguments, "--ensembles", nothing, "--run", *map(str, runs)]) == 0
    digests = {
        preset: read_outputs(kept / preset / "aflow-stage2.npz").digest
        for preset in ("held-out", "published")
    }
    assert digests["held-out"] == "of other weights" != digests["published"]
