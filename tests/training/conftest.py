"""Small data sets, a small file of MEGNet's weights, and one compiled optimiser for all tests."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from models.architecture import Architecture, initial_weights
from models.graph import CrystalGraph, crystal_graph
from tests.crystals import generated_crystals
from training.megnet_weights import HEAD, _places
from training.objectives import Mape
from training.optimiser import Optimiser
from training.rows import Row
from training.run import MEGNET_FILE

SMALL = Architecture(mlp=(6, 5))
SIZES = {"dataset1.jsonl.gz": 10, "dataset2.jsonl.gz": 15, "aflow_agl.jsonl.gz": 20}
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
            **labels,
        )
        for number, crystal in enumerate(generated_crystals(count, seed))
    ]
    path.write_bytes(gzip.compress("\n".join(row.to_line() for row in rows).encode()))


@pytest.fixture(scope="session")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data sets 1 and 2, AFLOW's and MEGNet's weights, all small."""
    folder = tmp_path_factory.mktemp("data")
    for seed, (name, count) in enumerate(SIZES.items()):
        write_dataset(folder / name, count, seed, AGL_LABELS if "aflow" in name else {})
    write_megnet_file(folder / MEGNET_FILE, initial_weights(HEAD, seed=8))
    return folder


@pytest.fixture(scope="session")
def small_graphs() -> tuple[CrystalGraph, ...]:
    return tuple(crystal_graph(crystal) for crystal in generated_crystals(16, seed=31))


@pytest.fixture(scope="session")
def optimiser() -> Optimiser:
    """An optimiser of SMALL on the MAPE; a test loads the state it needs."""
    return Optimiser(SMALL, Mape())
