"""Small data sets, a small file of MEGNet's weights, and one compiled optimiser for all tests."""

import gzip
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from models.crystal.crystal import Crystal
from models.network.architecture import Architecture, initial_weights
from models.network.batch import NetworkInput
from models.network.inputs import InputSettings, network_input
from tests.crystals import generated_crystals
from training.config import read_preset
from training.data.catalogue import CATALOGUE
from training.data.rows import Row
from training.fit.megnet.keras_weights import HEAD, _places
from training.fit.network.objectives import Mape
from training.fit.network.optimiser import Optimiser
from training.run import MEGNET_FILE, TrainingRun
from training.train import train_ensemble

SMALL = Architecture(mlp=(6, 5))
SIZES = {"dataset1.jsonl.gz": 10, "dataset2.jsonl.gz": 15, "aflow_agl.jsonl.gz": 20}
# Further sets that `recommended` is trained on, size and seed: Phonix's crystals are in phonondb.
MORE_SETS = {
    "phonix_2026": (12, 3),
    "phonondb": (15, 3),
    "elasticity": (6, 5),
    "moduli_2026": (6, 6),
}
AFLOW_EPOCHS = 5
SECONDS = 300  # a command's bound; on idle cores each takes a tenth of it
ROOT = Path(__file__).parents[2]
AGL_LABELS = {"debye_temperature": 300.0, "gruneisen": 2.0}


def write_megnet_file(path: Path, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Write weights of our names as Keras wrote MEGNet's files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for name, place in _places().items():
            file[f"model_weights/{place}"] = weights[name]


def write_dataset(path: Path, count: int, seed: int, labels: Mapping[str, float]) -> None:
    """Write `count` generated crystals whose LTC falls with the volume of an atom."""
    rows = [
        Row.of(
            f"test-{seed}-{number}",
            crystal,
            crystal.composition.reduced_formula,
            ltc=2000 / (crystal.volume / len(crystal)) ** 2 + number / 10,
            **{name: value * (1 + number / 20) for name, value in labels.items()},
        )
        for number, crystal in enumerate(generated_crystals(count, seed))
    ]
    path.write_bytes(gzip.compress("\n".join(row.to_line() for row in rows).encode()))


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data sets of all ensembles and MEGNet's weights, all small."""
    folder = tmp_path_factory.mktemp("data")
    for seed, (name, count) in enumerate(SIZES.items()):
        write_dataset(folder / name, count, seed, AGL_LABELS if "aflow" in name else {})
    for name, (count, seed) in MORE_SETS.items():
        entry = CATALOGUE[name]
        labels = dict.fromkeys(set(entry.outputs.values()) - {"ltc"}, 5.0)
        write_dataset(folder / entry.file_name, count, seed, labels)
    write_megnet_file(folder / MEGNET_FILE, initial_weights(HEAD, seed=8))
    return folder


@pytest.fixture(scope="session")
def small_graphs() -> tuple[NetworkInput, ...]:
    crystals = [Crystal.of(structure) for structure in generated_crystals(16, seed=31)]
    return tuple(network_input(crystal, InputSettings(descriptors=True)) for crystal in crystals)


@pytest.fixture(scope="session")
def optimiser() -> Optimiser:
    """An optimiser of SMALL on the MAPE; a test loads the state it needs."""
    return Optimiser(SMALL, Mape())


@pytest.fixture(scope="session")
def preset_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smoke preset with some more epochs of its first stage, so that a kill can fall in it."""
    smoke = (ROOT / "training/presets/smoke.toml").read_text()
    path = tmp_path_factory.mktemp("preset") / "smoke.toml"
    path.write_text(smoke.replace("epochs = 3", f"epochs = {AFLOW_EPOCHS}", 1))
    return path


def command(
    preset: Path, data: Path, run_dir: Path, splits: str, workers: int | None = None
) -> list[str]:
    return [
        *(sys.executable, "-m", "training", "train", "mix-stage3", "--preset", str(preset)),
        *("--data-dir", str(data), "--run", str(run_dir), "--splits", *splits.split()),
        *(("--workers", str(workers)) if workers else ()),
    ]


@pytest.fixture(scope="session")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, small_data: Path, preset_file: Path
) -> Path:
    """The folder of a run of two splits, in two processes, left alone."""
    run_dir = tmp_path_factory.mktemp("undisturbed")
    line = command(preset_file, small_data, run_dir, "1 2", workers=2)
    done = subprocess.run(
        line, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "mix-stage3: all 2 members are trained" in done.stderr
    return run_dir


@pytest.fixture(scope="session")
def recommended_run(small_data: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingRun:
    """A run of `recommended` with two members, trained to its end."""
    preset = read_preset("smoke-recommended")
    run = TrainingRun(preset, small_data, tmp_path_factory.mktemp("recommended"), (1, 2))
    train_ensemble("recommended", run, workers=1)
    return run
