"""The Gaussian process that answers beside the network: what it predicts, and its file."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from models.errors import DamagedEnsemble
from models.prediction.gaussian_process import FARTHEST, FROM_NETWORK, METHODS, Prediction, Process

N_MEMBERS, N_PROCESSES, N_KNOWN, WIDTH = 3, 2, 5, 2
N_INPUTS = WIDTH + len(FROM_NETWORK)


@pytest.fixture
def process() -> Process:
    rng = np.random.default_rng(0)

    def positive(*shape: int) -> np.ndarray:
        return rng.uniform(0.3, 1.0, shape).astype(np.float32)

    def by_process(*shape: int) -> np.ndarray:
        return positive(N_MEMBERS, N_PROCESSES, *shape)

    return Process(
        center=np.array([1.0, -1.0], np.float32),
        scale=np.array([2.0, 0.5], np.float32),
        descriptors=rng.normal(size=(N_KNOWN, WIDTH)).astype(np.float32),
        moduli=rng.normal(size=(N_MEMBERS, N_KNOWN, 2)).astype(np.float32),
        methods=np.array([[1, 0, 0, 0, 1], [0, 1, 0, 1, 0]], np.float32),
        mean=positive(N_MEMBERS),
        coefficients=rng.normal(size=(N_MEMBERS, N_PROCESSES, N_KNOWN)).astype(np.float32),
        rate=by_process(N_INPUTS),
        amplitude=by_process(),
        slope=by_process(N_INPUTS),
        own_amplitude=by_process(len(METHODS)),
        own_rate=by_process(len(METHODS)),
        own_offset=by_process(len(METHODS)),
    )


def by_hand(
    process: Process, member: int, number: int, descriptors: np.ndarray, moduli: np.ndarray
) -> list[float]:
    """Return one process's predictions for one crystal in double precision, term by term."""
    asked = [*(descriptors - process.center) / process.scale, *moduli]
    at, its = np.clip(asked, -FARTHEST, FARTHEST), (member, number)
    places = np.concatenate([process.descriptors, process.moduli[member]], axis=1)
    ltc, own = process.mean[member], np.zeros(len(METHODS))
    for known, methods, coefficient in zip(
        places, process.methods.T, process.coefficients[its], strict=True
    ):
        r = np.sqrt(np.sum(((at - known) * process.rate[its]) ** 2))
        matern = (1 + np.sqrt(5) * r + 5 / 3 * r**2) * np.exp(-np.sqrt(5) * r)
        linear = np.sum(at * known * process.slope[its] ** 2)
        ltc += coefficient * (process.amplitude[its] * matern + linear)
        bell = np.exp(-((process.own_rate[its] * r) ** 2))
        extra = process.own_amplitude[its] * bell + process.own_offset[its]
        own += coefficient * methods * extra
    return [ltc, *(ltc + own)]


def test_predictions_are_the_processes_mean_of_weighted_covariances(process):
    descriptors = np.array([[0.5, -1.2], [40.0, -1.0]], np.float32)  # the second is cut off
    moduli = np.random.default_rng(1).normal(size=(N_MEMBERS, 2, 2)).astype(np.float32)
    moduli[2, 1, 0] = -9.0  # cut off as well
    found, spread = (
        part.numpy() for part in Prediction(process)(tf.constant(descriptors), tf.constant(moduli))
    )
    assert found.shape == (N_MEMBERS, 2, 1 + len(METHODS))
    for member in range(N_MEMBERS):
        for crystal, row in enumerate(descriptors):
            each = [
                by_hand(process, member, number, row, moduli[member, crystal])
                for number in range(N_PROCESSES)
            ]
            assert found[member, crystal] == pytest.approx(np.mean(each, axis=0), abs=1e-4)
            assert spread[member, crystal] == pytest.approx(np.std(each, axis=0), abs=1e-4)


def test_a_process_comes_back_from_its_file(process, tmp_path):
    process.save(tmp_path / "process.safetensors")
    back = Process.load(tmp_path / "process.safetensors", N_MEMBERS)
    for field in dataclasses.fields(process):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(process, field.name))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("mean", lambda value: value[:1]),
        ("amplitude", lambda value: value[:, :1]),
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
