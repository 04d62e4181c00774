"""A data directory and a training run of made-up crystals and random members."""

import gzip
import json

import h5py
import numpy as np
import pytest

from models.network.architecture import Architecture, initial_weights, weight_shapes
from models.network.transform import TargetTransform
from tests.crystals import generated_crystals
from training.config import HELD_OUT, as_dict, read_preset
from training.data.catalogue import CATALOGUE
from training.data.rows import Row
from training.data.splits import published_split
from training.evaluation.reference import read_reference_sets
from training.fit.megnet.keras_weights import HEAD, _places
from training.fit.network.checkpoint import EpochRecord
from training.fit.network.loop import FittedMember, write_member
from training.fit.network.parameters import pack
from training.fit.targets import ltc_target
from training.run import MEGNET_FILE
from training.stages import STAGES

SIZES = {"dataset1": 26, "dataset2": 28, "aflow": 60, "phonix": 30, "phonix_2026": 32}
SPLITS = (1, 2, 3, 4)
NETWORK = Architecture(mlp=(12, 8))


def write_dataset(directory, name, size, seed):
    rng = np.random.default_rng(seed)
    lines = [
        Row.of(
            f"{name}-{number}",
            crystal,
            ltc=float(10 ** rng.normal(0.8, 0.5)),
            debye_temperature=300.0,
            gruneisen=1.5,
        )
        for number, crystal in enumerate(generated_crystals(size, seed))
    ]
    text = "".join(line.to_line() + "\n" for line in lines)
    (directory / CATALOGUE[name].file_name).write_bytes(gzip.compress(text.encode()))


def write_megnet_weights(path, seed):
    weights = initial_weights(HEAD, seed)
    with h5py.File(path, "w") as file:
        for name, place in _places().items():
            file[f"model_weights/{place}"] = weights[name]


def write_published_table(path):
    cells = {
        stage: {
            trained_on: {name: {"mean": 0.5, "std": 0.1} for name in ("dataset1", "mix")}
            for trained_on in ("dataset1", "mix")
        }
        for stage in ("stage1", "stage2", "stage3")
    }
    runs = {"stage2": {"dataset1": {"dataset1": [0.1 * number for number in range(1, 10)]}}}
    path.parent.mkdir()
    path.write_text(json.dumps({"what": "made up", "table": cells, "per_split": runs}))


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """Small data sets of all names, weights in MEGNet's format and a table in the paper's."""
    directory = tmp_path_factory.mktemp("data")
    for seed, (name, size) in enumerate(SIZES.items()):
        write_dataset(directory, name, size, seed)
    megnet = directory / MEGNET_FILE
    megnet.parent.mkdir(parents=True)
    for seed, name in enumerate(("formation_energy", "log10K", "log10G")):
        write_megnet_weights(megnet.with_name(f"{name}.hdf5"), seed)
    write_published_table(directory / "reference" / "paper_table1.json")
    return directory


@pytest.fixture(scope="session")
def sets(data_dir):
    """The reference sets of that directory."""
    return read_reference_sets(data_dir)


def member(reference, protocol, split, parent=None):
    """Return random weights with the transform that training would fit."""
    rows = published_split(reference.data.parts, split)
    target = ltc_target(protocol, reference.ltc, reference.data.parts, rows.training, parent)
    errors = (0.8, 0.6, 0.7)
    history = tuple(EpochRecord(epoch, 0.9, error, 1.0) for epoch, error in enumerate(errors))
    weights = pack(initial_weights(NETWORK, split), weight_shapes(NETWORK))
    return FittedMember(weights, (target.transform,), history)


def write_run(directory, sets, protocol, names, splits=SPLITS):
    """Write a run of random members of these ensembles as training leaves it."""
    directory.mkdir(parents=True)
    preset = as_dict(read_preset("smoke")) | {"name": directory.name, "protocol": protocol}
    (directory / "config.json").write_text(json.dumps(preset))
    aflow = TargetTransform.fit(sets["aflow"].ltc)
    for name in names:
        stage = STAGES[name]
        for split in splits:
            folder = directory / name / f"split-{split}"
            folder.mkdir(parents=True)
            parent = aflow if stage.parent else None
            write_member(member(sets[stage.dataset], protocol, split, parent), folder)


@pytest.fixture(scope="session")
def runs(tmp_path_factory, sets):
    """Two runs: `held-out` and `published`, of some ensembles each."""
    root = tmp_path_factory.mktemp("runs")
    names = ("dataset1-stage2", "dataset1-stage3", "mix-stage3", "aflow-stage2")
    write_run(root / "held-out", sets, HELD_OUT, names)
    write_run(root / "published", sets, "paper", names)
    return root / "held-out", root / "published"
