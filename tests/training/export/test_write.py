"""From a trained run to a served answer: train -> export -> serve, with the smoke preset."""

from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pymatgen.io.cif import CifWriter

from app.factory import create_app
from app.settings import Settings
from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.errors import DataError
from models.manifest import CARD, HEADS, MANIFEST, WEIGHTS, Manifest, read_manifest
from models.prediction.evidence import EMBEDDINGS, EVIDENCE, EvidenceRecord
from models.prediction.policy import AnswerPolicy
from tests.app.conftest import wait_until_ready
from training.config import PRESET_FILE, preset_of, read_preset
from training.data.graphs import read_graphs
from training.evaluation.sources import find_ensembles
from training.export.card import model_card
from training.export.write import export_ensemble, replace_folder
from training.run import TrainingRun

pytestmark = pytest.mark.timeout(900)  # it may be the first to train


@pytest.fixture(scope="module")
def run(undisturbed: Path, small_data: Path, preset_file: Path) -> TrainingRun:
    return TrainingRun(read_preset(str(preset_file)), small_data, undisturbed, (1, 2))


@pytest.fixture(scope="module")
def ensembles(run: TrainingRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("exported")
    export_ensemble("mix-stage3", run, directory, directory / "no report.json")
    return directory


@pytest.fixture(scope="module")
def manifest(ensembles) -> Manifest:
    return read_manifest(ensembles / "mix-stage3")


def test_the_manifest_tells_where_the_ensemble_comes_from(manifest, run):
    assert [stage.name for stage in manifest.stages] == ["aflow-stage2", "mix-stage3"]
    assert [member.split for member in manifest.members] == [1, 2]
    assert {record.dataset for record in manifest.training_data} == {"aflow", "mix"}
    assert {record.dataset for record in manifest.metrics} == {"mix", "dataset1", "dataset2"}
    assert set(manifest.files) == {CARD, WEIGHTS, EVIDENCE, EMBEDDINGS, PRESET_FILE}
    assert manifest.network.mlp == run.preset.mlp
    assert (manifest.split, manifest.answers) == ("published", AnswerPolicy())


def test_the_preset_comes_back_from_the_folder(ensembles, run):
    assert preset_of((ensembles / "mix-stage3" / PRESET_FILE).read_bytes()) == run.preset


def test_the_card_is_written_from_the_manifest(ensembles, manifest):
    folder = ensembles / "mix-stage3"
    evidence = EvidenceRecord.model_validate_json((folder / EVIDENCE).read_bytes())
    assert (folder / CARD).read_text() == model_card(manifest, evidence)


def test_exporting_again_gives_the_same_weights_and_leaves_no_other_files(run, manifest, tmp_path):
    folder = tmp_path / "mix-stage3"
    folder.mkdir()
    (folder / HEADS).write_bytes(b"of an earlier export")
    again = export_ensemble("mix-stage3", run, tmp_path, tmp_path / "no report.json")
    assert again.files[WEIGHTS] == manifest.files[WEIGHTS]
    assert {path.name for path in folder.iterdir()} == {*again.files, MANIFEST}
    assert list(tmp_path.iterdir()) == [folder]


def test_an_ensemble_that_cannot_be_replaced_stays_as_it_is(tmp_path):
    folder = tmp_path / "mix-stage3"
    folder.mkdir()
    (folder / MANIFEST).write_text("earlier")
    with pytest.raises(FileNotFoundError):
        replace_folder(folder, tmp_path / "not made", tmp_path / "old")
    assert (folder / MANIFEST).read_text() == "earlier"


def test_an_ensemble_of_a_users_own_preset_can_be_evaluated(run, tmp_path):
    own = replace(run, preset=replace(run.preset, name="quick"))
    export_ensemble("mix-stage3", own, tmp_path, tmp_path / "no report.json")
    (found,) = find_ensembles(tmp_path, [])
    assert (found.preset, found.split) == ("quick", run.preset.split)


def test_a_single_member_has_no_deviation(run, tmp_path):
    single = replace(run, splits=(1,))
    manifest = export_ensemble("mix-stage3", single, tmp_path, tmp_path / "no report.json")
    assert all(not record.deviations for record in manifest.metrics)
    assert "±" not in (tmp_path / "mix-stage3" / CARD).read_text()


def test_a_member_that_is_not_trained_is_named(run, tmp_path):
    missing = TrainingRun(run.preset, run.data_dir, run.run_dir, (1, 2, 3))
    with pytest.raises(DataError, match="mix-stage3 split 3"):
        export_ensemble("mix-stage3", missing, tmp_path)


def test_what_was_trained_is_what_is_served(ensembles, run):
    crystal = read_graphs("mix", run.data_dir).dataset.crystals[0]
    expected = Ensemble.load(ensembles / "mix-stage3").ltc([Crystal.of(crystal.structure)])
    settings = Settings(ensembles_dir=ensembles, mp_api_key=None, redis_url=None)
    with TestClient(create_app(settings)) as client:
        wait_until_ready(client)
        cif = str(CifWriter(crystal.structure, significant_figures=12))
        answer = client.post("/predict", json={"cif": cif}).json()
    assert answer["ltc"]["members"] == pytest.approx(expected[0].tolist(), rel=1e-4)
    assert answer["ensemble"]["name"] == "mix-stage3"
    assert answer["domain"]["in_training_data"]
