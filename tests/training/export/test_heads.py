"""The recommended ensemble's pipeline on a handful of crystals: train -> export -> predict."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.manifest import HEADS, MANIFEST, PROCESS, WEIGHTS, Manifest
from models.prediction.evidence import EVIDENCE
from tests.crystals import generated_crystals
from training.config import PRESET_FILE, preset_of
from training.data.datasets import read_dataset
from training.data.graphs import read_graphs
from training.evaluation.reference import ReferenceSet
from training.evaluation.sources import find_ensembles
from training.export.trained import TrainedEnsemble, read_trained
from training.export.write import export_ensemble
from training.fit.context import member_context
from training.fit.member import train_member
from training.fit.network.checkpoint import EpochRecord
from training.run import TrainingRun

pytestmark = pytest.mark.timeout(900)


def refuse(record: EpochRecord) -> None:
    """Take the report of an epoch where no network is to be trained."""
    raise AssertionError(record)


@pytest.fixture(scope="module")
def run(recommended_run: TrainingRun) -> TrainingRun:
    return recommended_run


@pytest.fixture(scope="module")
def trained(run: TrainingRun) -> TrainedEnsemble:
    return read_trained("recommended", run)


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory) -> Path:
    directory: Path = tmp_path_factory.mktemp("exported")
    export_ensemble("recommended", run, directory, directory / "no report.json")
    return directory / "recommended"


@pytest.fixture(scope="module")
def ensemble(folder) -> Ensemble:
    return Ensemble.load(folder)


def test_a_member_has_network_heads_and_process(run):
    folder = run.run_dir / "recommended"
    members = {
        f"split-{split}/{part}.safetensors"
        for split in run.splits
        for part in ("member", "covariance", "heads", "process", "process-phonons")
    }
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.*")} == members


def test_the_network_is_that_of_the_stage_before(run):
    harmonic = read_trained("harmonic-stage2", run)
    last = read_trained("recommended", run)
    for before, after in zip(harmonic.members, last.members, strict=True):
        np.testing.assert_array_equal(before.weights, after.weights)


def test_a_finished_member_is_not_trained_again(run):
    files = sorted((run.run_dir / "recommended").rglob("*.safetensors"))
    before = [path.stat().st_mtime_ns for path in files]
    train_member(run.stage("recommended"), 1, run, refuse)
    assert [path.stat().st_mtime_ns for path in files] == before


def test_only_what_is_missing_is_trained_again_and_comes_out_the_same(run):
    directory = run.member_dir("recommended", 2)
    path = directory / PROCESS
    whole, heads = load_file(path), (directory / HEADS).stat().st_mtime_ns
    path.unlink()
    train_member(run.stage("recommended"), 2, run, refuse)
    again = load_file(path)
    assert again.keys() == whole.keys()
    for name, values in whole.items():  # threads add up in another order
        np.testing.assert_allclose(again[name], values, rtol=1e-3, atol=1e-6, err_msg=name)
    assert (directory / HEADS).stat().st_mtime_ns == heads


def test_no_formula_is_both_held_out_and_trained_on(run):
    for number in run.splits:
        context = member_context(run.stage("recommended"), number, run)
        formulas = context.data.formulas()
        held = {formulas[row] for row in context.split.validation}
        assert held
        assert held.isdisjoint(formulas[row] for row in context.split.train)


def test_the_manifest_holds_what_decides_an_answer(ensemble, folder, run):
    manifest: Manifest = ensemble.manifest
    assert set(manifest.files) == {WEIGHTS, HEADS, PROCESS, EVIDENCE, PRESET_FILE, "README.md"}
    assert Manifest.model_validate_json((folder / MANIFEST).read_bytes()) == manifest
    assert manifest.answers == run.preset.answers
    methods = [manifest.method(name) for name in ("rocksalt", "half_heusler", "other_types")]
    assert len({method.name + method.source for method in methods if method}) == 3
    assert manifest.split == "grouped"
    assert manifest.graph.limits() == run.preset.inputs.cutoff
    assert manifest.stages[-1].schedule.heads
    assert manifest.stages[-1].schedule.gaussian_process
    assert preset_of((folder / PRESET_FILE).read_bytes()) == run.preset


def test_it_is_evaluated_as_it_answers(ensemble, folder, run):
    """With the bonds of its own networks, which fade out: those of the paper's are others."""
    names = ("dataset1", "dataset2", "phonix_2026", "aflow")
    sets = {name: ReferenceSet(name, read_graphs(name, run.data_dir)) for name in names}
    (found,) = find_ensembles(folder.parent, [])
    evaluated = found.outputs(sets).ltc(sets["dataset1"], sets)
    crystals = [Crystal.of(each.structure) for each in sets["dataset1"].data.dataset.crystals]
    np.testing.assert_allclose(evaluated, ensemble.ltc(crystals).T, rtol=2e-3)


def test_the_golden_check_passes(ensemble):
    ensemble.check_golden()


def test_what_was_trained_is_what_answers(ensemble, trained):
    crystals = [Crystal.of(each.structure) for each in trained.data.dataset.crystals]
    found = ensemble.ltc(crystals)
    assert found == pytest.approx(trained.outputs.ltc, rel=1e-3)
    assert np.isfinite(found).all()
    assert len(np.unique(found.round(6))) > len(crystals)


def test_heads_and_process_hold_no_reference_kept_from_the_member(trained):
    assert trained.process is not None
    of_references = trained.process.coefficients[:, : trained.process.n_references]
    for coefficients, split in zip(of_references, trained.splits, strict=True):
        assert not coefficients[split.validation].any()
        assert coefficients[split.train].all()


def test_references_come_with_out_of_fold_predictions_of_members_without_them(ensemble, trained):
    held = set(np.concatenate([split.validation for split in trained.splits]).tolist())
    for row, reference in enumerate(ensemble.references):
        assert (reference.out_of_fold is not None) == (row in held)
        if reference.out_of_fold is not None:
            members = [m for m, s in enumerate(trained.splits) if row in s.validation]
            expected = trained.outputs.ltc[row, members].mean()
            assert reference.out_of_fold == pytest.approx(expected, rel=1e-6)


def test_a_prediction_has_interval_domain_and_second_opinion(ensemble):
    for prediction in ensemble.predict([Crystal.of(each) for each in generated_crystals(3, 77)]):
        interval, domain = prediction.ltc.interval, prediction.domain
        assert interval is not None
        assert interval.lower < prediction.ltc.mean < interval.upper
        assert domain is not None
        assert len(domain.nearest) == 3
        assert prediction.second_opinion is not None


def test_a_training_crystal_is_recognised(ensemble, trained):
    crystal = Crystal.of(trained.data.dataset.crystals[2].structure)
    (prediction,) = ensemble.predict([crystal])
    assert prediction.domain is not None
    assert prediction.domain.in_training_data
    assert prediction.domain.nearest[0].material_id == trained.data.dataset.crystals[2].material_id
    assert prediction.domain.nearest[0].distance < 0.01


def test_a_crystal_of_known_phonons_is_named_with_its_estimate(ensemble, trained, run):
    unlabelled = trained.contexts[0].unlabelled
    structures = {
        each.material_id: each.structure for each in read_dataset("phonondb", run.data_dir).crystals
    }
    crystals = [Crystal.of(structures[each]) for each in unlabelled.material_ids]
    for material_id, prediction in zip(
        unlabelled.material_ids, ensemble.predict(crystals), strict=True
    ):
        (estimate,) = prediction.domain.phonon_estimates
        assert (estimate.material_id, estimate.dataset) == (material_id, "phonondb")
        assert estimate.ltc > 0
        assert not prediction.domain.in_training_data


def test_the_card_says_how_many_crystals_of_known_phonons_there_are(trained, folder):
    number = len(trained.contexts[0].unlabelled.material_ids)
    assert number > 0
    said = f"The LTC of {number} more crystals was estimated"
    assert said in (folder / "README.md").read_text()


def test_exporting_again_gives_the_same_files(run, ensemble, tmp_path):
    again = export_ensemble("recommended", run, tmp_path, tmp_path / "no report.json")
    assert dict(again.files) == dict(ensemble.manifest.files)
    record = json.loads((tmp_path / "recommended" / MANIFEST).read_text())
    assert record["golden"]["members"] == list(again.golden.members)
