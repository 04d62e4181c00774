"""Kept answers and the members they come from."""

import dataclasses

import numpy as np
import pytest

from models.errors import DataError
from models.network.architecture import weight_shapes
from models.prediction.members import Members
from tests.training.evaluation.conftest import NETWORK, SPLITS, write_run
from training.config import HELD_OUT
from training.evaluation.outputs import read_all_outputs, read_outputs, write_outputs
from training.evaluation.sources import find_ensembles


@pytest.fixture(scope="module")
def trained(tmp_path_factory, sets):
    run = tmp_path_factory.mktemp("runs") / "held-out"
    write_run(run, sets, HELD_OUT, ["dataset1-stage3"])
    (ensemble,) = find_ensembles(run / "nothing", [run])
    return ensemble


def test_outputs_are_what_is_served(trained, sets):
    outputs = trained.outputs(sets)
    served = Members(trained.weights, [(own,) for own in trained.transforms])
    assert set(trained.weights) == set(weight_shapes(NETWORK))
    for name in ("dataset1", "mix", "phonix"):
        expected = served.compute(sets[name].data.graphs, sets[name].data.types).ltc.T
        np.testing.assert_allclose(outputs.ltc(sets[name], sets), expected, rtol=1e-3)
    assert outputs.chain == ("aflow", "dataset1")
    assert outputs.splits == SPLITS


def test_outputs_come_back_from_their_file(tmp_path, trained, sets):
    outputs = trained.outputs(sets)
    write_outputs(outputs, tmp_path)
    (back,) = read_all_outputs(tmp_path).values()
    for field in dataclasses.fields(outputs):
        if field.name != "targets":
            assert getattr(back, field.name) == getattr(outputs, field.name)
    for name, values in outputs.targets.items():
        np.testing.assert_allclose(back.targets[name], values, rtol=1e-6)


def test_the_digest_tells_other_weights_and_other_splits(trained, sets):
    changed = {name: value.copy() for name, value in trained.weights.items()}
    changed["embedding"][0, 5, 0] += 1e-3
    same = dataclasses.replace(trained, histories=())
    assert same.digest(sets) == trained.digest(sets)
    for other in (
        dataclasses.replace(trained, weights=changed),
        dataclasses.replace(trained, splits=(1, 2, 3, 5)),
    ):
        assert other.digest(sets) != trained.digest(sets)


def test_a_folder_that_is_no_run_and_a_file_that_holds_no_outputs_stop(tmp_path):
    with pytest.raises(DataError, match=r"no config\.json"):
        find_ensembles(tmp_path, [tmp_path])
    path = tmp_path / "damaged.npz"
    path.write_bytes(b"PK no")
    with pytest.raises(DataError, match="holds no outputs"):
        read_outputs(path)
