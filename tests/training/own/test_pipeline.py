"""A user's table to a served answer, fine-tuned from an exported ensemble."""

import pytest
from fastapi.testclient import TestClient

from app.factory import create_app
from app.settings import Settings
from models.errors import DataError
from models.manifest import read_manifest
from tests.app.conftest import wait_until_ready
from training.__main__ import main
from training.config import PRESET_FILE, preset_of, read_preset
from training.export.write import export_ensemble
from training.own.pipeline import OwnEnsemble, own_run
from training.run import TrainingRun
from training.stages import MEGNET

pytestmark = pytest.mark.timeout(900)

PRESET = """base = "own"
mlp = [12, 8]
deterministic = true
[schedules.own]
epochs = 2
t_max = 2
"""


@pytest.fixture(scope="module")
def ensembles(undisturbed, small_data, preset_file, tmp_path_factory):
    """A folder with an exported `aflow-stage2` of two members to start from."""
    folder = tmp_path_factory.mktemp("ensembles")
    run = TrainingRun(read_preset(str(preset_file)), small_data, undisturbed, (1, 2))
    export_ensemble("aflow-stage2", run, folder, folder / "no report.json")
    return folder


@pytest.fixture(scope="module")
def trained(table, ensembles, tmp_path_factory):
    """The folder of ensembles after `train --data my.csv --name mine`."""
    folder = tmp_path_factory.mktemp("own")
    preset = folder / "quick.toml"
    preset.write_text(PRESET)
    status = main(
        [
            *("train", "--data", str(table), "--name", "mine", "--preset", str(preset)),
            *("--run", str(folder / "run"), "--out", str(ensembles), "--workers", "1"),
            *("--data-dir", str(folder / "no data")),
        ]
    )
    assert status == 0
    return ensembles


def test_it_starts_from_the_published_members(trained):
    manifest = read_manifest(trained / "mine")
    assert [stage.name for stage in manifest.stages] == ["aflow-stage2", "mine"]
    assert [record.file_name for record in manifest.training_data] == [
        *("aflow_agl.jsonl.gz", "mine.jsonl.gz")
    ]
    assert [member.split for member in manifest.members] == [1, 2]
    preset = preset_of((trained / "mine" / PRESET_FILE).read_bytes())
    assert preset.split.dealt == ("mine",)


def test_its_errors_are_of_crystals_held_out(trained):
    manifest = read_manifest(trained / "mine")
    errors = [record for record in manifest.metrics if "mae_log10" in record.values]
    assert {record.dataset for record in errors} == {"mine"}
    assert all(0 < record.n_crystals < 30 for record in errors)


def test_it_is_served(trained, table):
    settings = Settings(ensembles_dir=trained, mp_api_key=None, redis_url=None)
    cif = (table.parent / "0.cif").read_text()
    with TestClient(create_app(settings)) as client:
        wait_until_ready(client)
        answer = client.post("/predict?ensemble=mine", json={"cif": cif}).json()
    assert answer["ensemble"]["name"] == "mine"
    assert answer["ltc"]["mean"] > 0
    assert answer["domain"]["in_training_data"]


def test_what_to_run_next_is_said(table, ensembles, tmp_path, small_data):
    own = OwnEnsemble(
        table, "other", read_preset("own"), small_data, tmp_path, ensembles, (1,), MEGNET
    )
    run = own_run(own)
    assert [stage.name for stage in run.chain("other")] == ["other"]
    assert run.megnet_weights.is_file()


@pytest.mark.parametrize("name", ["mix-stage3", "phonondb", "My set", ""])
def test_a_name_that_is_taken_or_none_is_refused(table, tmp_path, name):
    own = OwnEnsemble(table, name, read_preset("own"), tmp_path, tmp_path, tmp_path, (1,))
    with pytest.raises(DataError, match="name"):
        own_run(own)


def test_without_a_start_it_says_what_to_fetch(table, tmp_path):
    own = OwnEnsemble(table, "mine", read_preset("own"), tmp_path, tmp_path, tmp_path, (1,))
    with pytest.raises(DataError, match="make fetch"):
        own_run(own)


def test_a_table_needs_a_name(table, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["train", "--data", str(table)])
    assert ended.value.code == 2
    assert "--name" in capsys.readouterr().err
