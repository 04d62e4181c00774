"""The weights a member starts from, and MEGNet's published files."""

import h5py
import numpy as np
import pytest

from models.errors import DataError
from models.network.architecture import Architecture, initial_weights, weight_shapes
from models.network.forward import mlp
from models.network.transform import TargetTransform
from training.fit.megnet.keras_weights import HEAD, read_megnet_weights
from training.fit.start import megnet_start, random_start, rescale_output
from training.run import MEGNET_FILE

ARCHITECTURE = Architecture(mlp=(7, 5))


def test_megnet_weights_are_read_by_our_names(small_data):
    weights = read_megnet_weights(small_data / MEGNET_FILE)
    expected = initial_weights(HEAD, seed=8)
    assert {name: value.shape for name, value in weights.items()} == weight_shapes(HEAD)
    assert all((weights[name] == value).all() for name, value in expected.items())


def test_a_missing_megnet_file_raises(tmp_path):
    with pytest.raises(DataError, match=r"missing\.hdf5"):
        read_megnet_weights(tmp_path / "missing.hdf5")


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all" * 100])
def test_a_file_that_is_not_hdf5_raises(tmp_path, content):
    path = tmp_path / "text.hdf5"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"text\.hdf5"):
        read_megnet_weights(path)


PLACE = "model_weights/dense_3/dense_3/kernel:0"


@pytest.mark.parametrize("replacement", [None, np.zeros((2, 2))], ids=["missing", "shape"])
def test_another_network_s_file_raises_with_the_place(small_data, tmp_path, replacement):
    path = tmp_path / "other.hdf5"
    path.write_bytes((small_data / MEGNET_FILE).read_bytes())
    with h5py.File(path, "r+") as file:
        del file[PLACE]
        if replacement is not None:
            file[PLACE] = replacement
    with pytest.raises(DataError, match=r"dense_3/dense_3/kernel:0 is missing or not of shape"):
        read_megnet_weights(path)


def test_an_hdf5_file_without_weights_raises(tmp_path):
    with h5py.File(tmp_path / "empty.hdf5", "w"):
        pass
    with pytest.raises(DataError, match=r"empty\.hdf5"):
        read_megnet_weights(tmp_path / "empty.hdf5")


def test_stage_1_starts_at_random_by_its_seed():
    first, other = (random_start(ARCHITECTURE, seed) for seed in (1, 2))
    assert {name: value.shape for name, value in first.items()} == weight_shapes(ARCHITECTURE)
    assert (first["block_0.bond.0.kernel"] != other["block_0.bond.0.kernel"]).any()


def test_stage_2_is_megnet_below_a_random_mlp(small_data):
    start = megnet_start(ARCHITECTURE, 3, small_data / MEGNET_FILE)
    published, random = initial_weights(HEAD, seed=8), random_start(ARCHITECTURE, 3)
    assert start.keys() == random.keys()
    for name, value in start.items():
        expected = random if name.startswith("mlp.") else published
        assert (value == expected[name]).all(), name


@pytest.mark.parametrize("depth", [0, 1, 3, 9, 10, 12])
def test_a_changed_transform_leaves_the_predicted_ltc(depth):
    weights = initial_weights(Architecture(mlp=(6,) * depth), seed=4)
    old, new = TargetTransform(0.73, 0.38), TargetTransform(1.44, 0.75)
    features = np.random.default_rng(1).normal(size=(1, 20, 16)).astype(np.float32)

    def targets(values):
        return mlp({name: value[None] for name, value in values.items()}, features).numpy()[0, :, 0]

    before = old.decode(targets(weights))
    after = new.decode(targets(rescale_output(weights, old, new)))
    assert after == pytest.approx(before, rel=1e-4)
    assert np.ptp(before) > 0


def test_pytorch_draws_other_random_weights():
    weights = random_start(ARCHITECTURE, 3, "pytorch")
    assert {name: value.shape for name, value in weights.items()} == weight_shapes(ARCHITECTURE)
    assert np.std(weights["embedding"]) == pytest.approx(1.0, rel=0.1)
    for name, units in (("readout.0", 96), ("set2set_atom.lstm.0", 16), ("mlp.1", 7)):
        limit = units**-0.5
        for part in ("kernel", "bias"):
            assert 0.6 * limit < np.abs(weights[f"{name}.{part}"]).max() <= np.float32(limit)
