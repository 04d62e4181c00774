"""The Gaussian process: what it predicts, its distances, and its file."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from models.network.covariances import local_weight, matern
from models.network.heads import EMBEDDING, METHODS
from models.network.standardise import FARTHEST
from models.prediction.gaussian_process import FAR, OUTPUTS, Process, ProcessPredictor
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


@pytest.fixture(scope="module")
def embeddings() -> NDArray[np.float32]:
    """Embeddings of the new crystals [n, n_members, 16]."""
    return np.random.default_rng(3).normal(size=(N_NEW, N_MEMBERS, EMBEDDING)).astype(np.float32)


def standard(values: np.ndarray, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip((values.astype(float) - center) / scale, -FARTHEST, FARTHEST))


def shape_at(distance: float) -> float:
    return float((1 + 5**0.5 * distance + 5 / 3 * distance**2) * np.exp(-(5**0.5) * distance))


def exact(
    process: Process, descriptors: np.ndarray, embedding: np.ndarray, output: str, member: int
) -> float:
    """Return log10(LTC) of one crystal by one member, in double precision, term by term."""
    place = standard(descriptors, process.center, process.scale)
    embedded = standard(
        embedding, process.embedding_center[member], process.embedding_scale[member]
    )
    total = float(process.mean[member])
    own = METHODS.index(output) if output in METHODS else None
    for row, known in enumerate(process.known.astype(float)):
        square = np.sum(((place - known) * process.rate) ** 2)
        apart = (embedded - process.known_embeddings[member, row]) * process.embedding_rate
        covariance = process.amplitude[0] * shape_at(np.sqrt(square + np.sum(apart**2)))
        covariance += process.slope[0] ** 2 * np.dot(place, known)
        if own is not None and process.methods[own, row]:
            shape = shape_at(process.own_rate[member, own] * np.sqrt(square))
            covariance += process.own_amplitude[member, own] * shape
            covariance += process.own_offset[member, own]
        total += float(process.coefficients[member, row] * covariance)
    return total


@pytest.mark.parametrize("output", OUTPUTS)
def test_predictions_are_the_exact_formula(process, new, embeddings, output):
    numbers = np.full(N_NEW, OUTPUTS.index(output))
    found = ProcessPredictor(process)(new, embeddings, numbers).log_ltc
    assert found.shape == (N_NEW, N_MEMBERS)
    expected = [
        [exact(process, *crystal, output, m) for m, crystal in enumerate(of_members)]
        for of_members in (
            [(row, own) for own in embedding]
            for row, embedding in zip(new, embeddings, strict=True)
        )
    ]
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_each_crystal_has_its_own_output(process, new, embeddings):
    predict = ProcessPredictor(process)
    numbers = np.arange(N_NEW) % len(OUTPUTS)
    mixed = predict(new, embeddings, numbers).log_ltc
    for row in range(N_NEW):
        one, number = (new[row : row + 1], embeddings[row : row + 1]), numbers[row : row + 1]
        assert mixed[row] == pytest.approx(predict(*one, number).log_ltc[0], abs=1e-6)
        others = predict(*one, (number + 1) % len(OUTPUTS)).log_ltc
        assert np.abs(others - mixed[row]).max() > 1e-3


def test_distances_are_in_lengths_of_the_covariance_of_the_descriptors(process, new, embeddings):
    found = ProcessPredictor(process)(new, embeddings, np.zeros(N_NEW, dtype=int)).distance
    places = np.clip((new - process.center) / process.scale, -FARTHEST, FARTHEST)
    apart = (places[:, None] - process.known) * process.rate
    assert found == pytest.approx(np.sqrt((apart.astype(float) ** 2).sum(axis=2)), abs=1e-4)


def test_a_known_crystal_is_at_almost_no_distance_of_itself(process, descriptors):
    embeddings = np.zeros((N_KNOWN, N_MEMBERS, EMBEDDING), np.float32)
    zeros = np.zeros(N_KNOWN, dtype=int)
    found = ProcessPredictor(process)(descriptors, embeddings, zeros).distance
    assert np.diag(found).max() < 2e-3
    assert (found + np.eye(N_KNOWN)).min() > 0.1


def test_the_local_error_is_a_mean_over_what_the_member_was_fitted_to(process, new, embeddings):
    found = ProcessPredictor(process)(new, embeddings, np.zeros(N_NEW, dtype=int))
    for member in range(N_MEMBERS):
        seen = process.coefficients[member] != 0
        weights = local_weight(found.distance[:, seen].astype(float))
        errors = process.errors[member, seen]
        expected = (weights @ errors + FAR * errors.mean()) / (weights.sum(axis=1) + FAR)
        assert found.local_error[:, member] == pytest.approx(expected, abs=1e-5)
    assert not process.coefficients.all()


def test_local_weights_are_of_crystals_close_by_and_not_of_the_crystal_itself():
    weights = local_weight(np.array([0.0, 0.01, 0.2, 0.5, 2.0]))
    expected = [0, 0.008, 0.662, 0.283, 0.0001]
    assert weights == pytest.approx(expected, abs=1e-3)


def test_the_matern_function_falls_from_one_to_about_a_half_at_one_length():
    values = matern(np.array([0.0, 1.0, 4.0, 50.0]))
    assert values == pytest.approx([1, 0.524, 0.005, 0], abs=0.001)


def test_a_process_comes_back_from_its_file(process, tmp_path):
    process.save(tmp_path / "process.safetensors")
    back = Process.load(tmp_path / "process.safetensors", N_MEMBERS)
    for field in dataclasses.fields(process):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(process, field.name))
