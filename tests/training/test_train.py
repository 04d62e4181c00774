"""Training as a command: from data sets to the members of an ensemble, killed and resumed."""

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from tests.training.conftest import AFLOW_EPOCHS, ROOT, SECONDS, SIZES, command
from training.__main__ import main
from training.config import HELD_OUT, read_preset
from training.data.splits import published_split
from training.fit.network.loop import FittedMember, read_member
from training.fit.targets import ltc_target
from training.run import TrainingRun, ensembles_of
from training.train import train_ensemble

pytestmark = pytest.mark.timeout(3 * SECONDS)


def member(run_dir: Path, stage: str, split: int) -> FittedMember:
    found = read_member(run_dir / stage / f"split-{split}")
    assert found is not None
    return found


@pytest.mark.parametrize("split", [1, 2])
def test_every_stage_leaves_its_members(undisturbed, split):
    assert len(member(undisturbed, "aflow-stage2", split).history) == AFLOW_EPOCHS
    assert len(member(undisturbed, "mix-stage3", split).history) == 2


def test_nothing_else_is_left(undisturbed):
    files = {str(path.relative_to(undisturbed)) for path in undisturbed.rglob("*.*")}
    members = {
        f"{stage}/split-{split}" for stage in ("aflow-stage2", "mix-stage3") for split in (1, 2)
    }
    assert files == {"config.json", *(f"{folder}/member.safetensors" for folder in members)}


def test_splits_differ_in_their_members(undisturbed):
    first, second = (member(undisturbed, "mix-stage3", split) for split in (1, 2))
    assert np.abs(first.weights - second.weights).max() > 1e-3
    assert first.transform != second.transform


def test_members_carry_the_transform_of_their_own_training_rows(undisturbed, small_data):
    from training.data.graphs import read_graphs

    data = read_graphs("mix", small_data)
    sizes = (SIZES["dataset1.jsonl.gz"], SIZES["dataset2.jsonl.gz"])
    assert data.parts == sizes
    rows = published_split(sizes, 2)
    target = ltc_target(HELD_OUT, data.ltc, sizes, rows.training, None)
    assert member(undisturbed, "mix-stage3", 2).transform == target.transform


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while not path.is_file():
        assert process.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_killed_training_goes_on_to_the_same_weights(
    undisturbed, tmp_path, small_data, preset_file
):
    line = command(preset_file, small_data, tmp_path, "1", workers=1)
    with (tmp_path.with_suffix(".log")).open("wb") as log:
        process = subprocess.Popen(line, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(tmp_path / "aflow-stage2/split-1/checkpoint.safetensors", process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert process.returncode == -signal.SIGKILL
    assert read_member(tmp_path / "mix-stage3/split-1") is None
    subprocess.run(line, cwd=ROOT, capture_output=True, timeout=SECONDS, check=True)
    for stage in ("aflow-stage2", "mix-stage3"):
        expected, found = member(undisturbed, stage, 1), member(tmp_path, stage, 1)
        assert found.weights.tobytes() == expected.weights.tobytes()
        assert found.transform == expected.transform
        assert [replace(record, seconds=0) for record in found.history] == [
            replace(record, seconds=0) for record in expected.history
        ]


def test_a_cluster_trains_the_same_weights(undisturbed, tmp_path, small_data, preset_file):
    pytest.importorskip("ray", reason="ray is not installed")
    line = [*command(preset_file, small_data, tmp_path, "1 2"), "--ray"]
    done = subprocess.run(
        line, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    for stage, split in (("aflow-stage2", 1), ("aflow-stage2", 2), ("mix-stage3", 2)):
        expected, found = member(undisturbed, stage, split), member(tmp_path, stage, split)
        assert found.weights.tobytes() == expected.weights.tobytes()


@pytest.fixture
def heeded():
    """SIGINT is heeded by what is started now: a shell's background jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
def test_ctrl_c_ends_the_training_at_once(tmp_path, small_data):
    preset = tmp_path / "long.toml"
    preset.write_text('base = "smoke"\n[schedules.aflow]\nepochs = 100000\n')
    line = command(preset, small_data, tmp_path / "run", "1 2", workers=2)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(line, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for(tmp_path / "run/aflow-stage2/split-1/checkpoint.safetensors", process)
            process.send_signal(signal.SIGINT)  # to the parent alone: a terminal sends it to all
            assert process.wait(timeout=60) == 130
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    said = (tmp_path / "log").read_text()
    assert "the same command goes on from here" in said
    assert "Traceback" not in said


def test_a_run_folder_of_other_settings_is_refused(undisturbed, small_data, preset_file):
    config = (undisturbed / "config.json").read_text()
    other = replace(read_preset(str(preset_file)), seed=7)
    with pytest.raises(DataError, match="holds a run with other settings"):
        train_ensemble("mix-stage3", TrainingRun(other, small_data, undisturbed), workers=1)
    assert (undisturbed / "config.json").read_text() == config


def test_a_run_from_before_a_setting_goes_on(undisturbed, small_data, preset_file):
    path = undisturbed / "config.json"
    config = path.read_text()
    earlier = {name: value for name, value in json.loads(config).items() if name != "pretrained"}
    path.write_text(json.dumps(earlier))
    run = TrainingRun(read_preset(str(preset_file)), small_data, undisturbed, (1, 2))
    train_ensemble("mix-stage3", run, workers=1)
    assert path.read_text() == config


def test_an_unknown_ensemble_is_refused_before_anything_is_written(tmp_path, small_data):
    run = TrainingRun(read_preset("smoke"), small_data, tmp_path / "run")
    with pytest.raises(DataError, match="No ensemble is called mix-stage9"):
        train_ensemble("mix-stage9", run, workers=1)
    assert not run.run_dir.exists()


def test_a_preset_trains_all_that_it_has_schedules_for():
    assert ensembles_of(read_preset("recommended")) == ("harmonic-stage2", "recommended")
    paper = ensembles_of(read_preset("paper"))
    assert len(paper) == 11
    assert "recommended" not in paper


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--data my.csv", "together"),
        ("--name mine", "together"),
        ("mix-stage3 --data my.csv --name mine", "no ENSEMBLE"),
        ("--data my.csv --name mine --ray", "--ray"),
        ("mix-stage3 --start megnet", "--start"),
        ("mix-stage3 --out ensembles", "--out"),
        ("mix-stage3 --ray --workers 2", "--workers"),
    ],
)
def test_options_that_would_have_no_effect_are_refused(options, said, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", *options.split()])
    assert stop.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_without_data_training_says_at_once_what_to_run(tmp_path, capsys):
    status = main(["train", "mix-stage3", "--preset", "smoke", "--data-dir", str(tmp_path)])
    assert status == 2
    said = capsys.readouterr().err
    assert "make fetch" in said
    for name in ("aflow_agl.jsonl.gz", "dataset1.jsonl.gz", "formation_energy.hdf5"):
        assert name in said
