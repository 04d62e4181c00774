"""The Gaussian process that answers beside the network: what it predicts, and its file."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from models.errors import DamagedEnsemble
from models.gaussian_process import FARTHEST, FROM_NETWORK, Process

N_MEMBERS, N_KNOWN, WIDTH = 3, 5, 2
N_INPUTS = WIDTH + len(FROM_NETWORK)


@pytest.fixture
def process() -> Process:
    rng = np.random.default_rng(0)

    def positive(*shape: int) -> np.ndarray:
        return rng.uniform(0.3, 1.0, shape).astype(np.float32)

    return Process(
        center=np.array([1.0, -1.0], np.float32),
        scale=np.array([2.0, 0.5], np.float32),
        descriptors=rng.normal(size=(N_KNOWN, WIDTH)).astype(np.float32),
        moduli=rng.normal(size=(N_MEMBERS, N_KNOWN, 2)).astype(np.float32),
        is_half_heusler=np.array([0, 1, 0, 1, 0], np.float32),
        mean=positive(N_MEMBERS),
        coefficients=rng.normal(size=(N_MEMBERS, N_KNOWN)).astype(np.float32),
        rate=positive(N_MEMBERS, N_INPUTS),
        amplitude=positive(N_MEMBERS),
        slope=positive(N_MEMBERS, N_INPUTS),
        own_amplitude=positive(N_MEMBERS),
        own_rate=positive(N_MEMBERS),
        own_offset=positive(N_MEMBERS),
    )


def by_hand(
    process: Process, member: int, descriptors: np.ndarray, moduli: np.ndarray
) -> tuple[float, float]:
    """Return both predictions for one crystal in double precision, term by term."""
    asked = [*(descriptors - process.center) / process.scale, *moduli]
    at = np.clip(asked, -FARTHEST, FARTHEST)
    places = np.concatenate([process.descriptors, process.moduli[member]], axis=1)
    ltc = own = 0.0
    for known, half_heusler, coefficient in zip(
        places, process.is_half_heusler, process.coefficients[member], strict=True
    ):
        r = np.sqrt(np.sum(((at - known) * process.rate[member]) ** 2))
        matern = (1 + np.sqrt(5) * r + 5 / 3 * r**2) * np.exp(-np.sqrt(5) * r)
        linear = np.sum(at * known * process.slope[member] ** 2)
        ltc += coefficient * (process.amplitude[member] * matern + linear)
        bell = np.exp(-((process.own_rate[member] * r) ** 2))
        extra = process.own_amplitude[member] * bell + process.own_offset[member]
        own += coefficient * half_heusler * extra
    return process.mean[member] + ltc, process.mean[member] + ltc + own


def test_predictions_are_the_weighted_covariances(process):
    descriptors = np.array([[0.5, -1.2], [40.0, -1.0]], np.float32)  # the second is cut off
    moduli = np.random.default_rng(1).normal(size=(N_MEMBERS, 2, 2)).astype(np.float32)
    moduli[2, 1, 0] = -9.0  # cut off as well
    found = process.predict(tf.constant(descriptors), tf.constant(moduli)).numpy()
    assert found.shape == (N_MEMBERS, 2, 2)
    for member in range(N_MEMBERS):
        for crystal, row in enumerate(descriptors):
            expected = by_hand(process, member, row, moduli[member, crystal])
            assert found[member, crystal] == pytest.approx(expected, abs=1e-4)


def test_a_process_comes_back_from_its_file(process, tmp_path):
    process.save(tmp_path / "process.safetensors")
    back = Process.load(tmp_path / "process.safetensors", N_MEMBERS)
    for field in dataclasses.fields(process):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(process, field.name))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("mean", lambda value: value[:1]),
        ("rate", lambda value: value * np.nan),
        ("coefficients", lambda value: value.astype(np.float64)),
        ("slope", None),
    ],
)
def test_a_damaged_process_is_refused(process, tmp_path, name, damage):
    path = tmp_path / "process.safetensors"
    process.save(path)
    arrays = load_file(path)
    value = arrays.pop(name)
    save_file(arrays | ({name: damage(value)} if damage else {}), path)
    with pytest.raises(DamagedEnsemble, match=name):
        Process.load(path, N_MEMBERS)
