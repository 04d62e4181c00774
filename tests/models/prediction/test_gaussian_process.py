"""The Gaussian process: what it predicts, its distances, and its file."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from models.network.heads import METHODS
from models.network.standardise import FARTHEST
from models.prediction.gaussian_process import OUTPUTS, Process, ProcessPredictor, matern
from tests.models.made_ensemble import N_MEMBERS, random_process

N_KNOWN, N_INPUTS, N_NEW = 8, 4, 6


@pytest.fixture(scope="module")
def descriptors() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(N_KNOWN, N_INPUTS)).astype(np.float32)


@pytest.fixture(scope="module")
def process(descriptors) -> Process:
    return random_process(descriptors)


@pytest.fixture(scope="module")
def new() -> NDArray[np.float32]:
    """Descriptors of new crystals; the last is far beyond where inputs are cut off."""
    points = np.random.default_rng(2).normal(size=(N_NEW, N_INPUTS)).astype(np.float32)
    points[-1, 0] = 1e3
    return points


def exact(process: Process, descriptors: np.ndarray, output: str, member: int) -> float:
    """Return log10(LTC) of one crystal by one member, in double precision, term by term."""
    place = np.clip((descriptors - process.center) / process.scale, -FARTHEST, FARTHEST)
    total = float(process.mean[member])
    own = METHODS.index(output) if output in METHODS else None
    for row, known in enumerate(process.known.astype(float)):
        distance = np.sqrt(np.sum(((place - known) * process.rate) ** 2))
        shape = (1 + np.sqrt(5) * distance + 5 / 3 * distance**2) * np.exp(-np.sqrt(5) * distance)
        covariance = process.amplitude[0] * shape + process.slope[0] ** 2 * np.dot(place, known)
        if own is not None and process.methods[own, row]:
            covariance += process.own_amplitude[own] * shape + process.own_offset[own]
        total += float(process.coefficients[member, row] * covariance)
    return total


@pytest.mark.parametrize("output", OUTPUTS)
def test_predictions_are_the_exact_formula(process, new, output):
    numbers = np.full(N_NEW, OUTPUTS.index(output))
    found = ProcessPredictor(process)(new, numbers).log_ltc
    assert found.shape == (N_NEW, N_MEMBERS)
    expected = [[exact(process, row, output, m) for m in range(N_MEMBERS)] for row in new]
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_each_crystal_has_its_own_output(process, new):
    predict = ProcessPredictor(process)
    numbers = np.arange(N_NEW) % len(OUTPUTS)
    mixed = predict(new, numbers).log_ltc
    for row in range(N_NEW):
        alone = predict(new[row : row + 1], numbers[row : row + 1]).log_ltc
        assert mixed[row] == pytest.approx(alone[0], abs=1e-6)
        others = predict(new[row : row + 1], (numbers[row : row + 1] + 1) % len(OUTPUTS)).log_ltc
        assert np.abs(others - alone).max() > 1e-3


def test_distances_are_in_lengths_of_the_covariance(process, new):
    found = ProcessPredictor(process)(new, np.zeros(N_NEW, dtype=int)).distance
    places = np.clip((new - process.center) / process.scale, -FARTHEST, FARTHEST)
    apart = (places[:, None] - process.known) * process.rate
    assert found == pytest.approx(np.sqrt((apart.astype(float) ** 2).sum(axis=2)), abs=1e-4)


def test_a_known_crystal_is_at_almost_no_distance_of_itself(process, descriptors):
    found = ProcessPredictor(process)(descriptors, np.zeros(N_KNOWN, dtype=int)).distance
    assert np.diag(found).max() < 2e-3
    assert (found + np.eye(N_KNOWN)).min() > 0.1


def test_the_matern_function_falls_from_one_to_about_a_half_at_one_length():
    values = matern(np.array([0.0, 1.0, 4.0, 50.0], np.float32))
    assert values == pytest.approx([1, 0.524, 0.005, 0], abs=0.001)


def test_a_process_comes_back_from_its_file(process, tmp_path):
    process.save(tmp_path / "process.safetensors")
    back = Process.load(tmp_path / "process.safetensors", N_MEMBERS)
    for field in dataclasses.fields(process):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(process, field.name))
