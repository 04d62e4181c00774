"""The Gaussian process: what it predicts, its distances, and its file."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from models.network.covariances import local_weight, matern, squared_exponential
from models.network.heads import EMBEDDING, METHODS
from models.network.standardise import FARTHEST, GRID
from models.prediction.gaussian_process import (
    ESTIMATE_REACH,
    FAR,
    MOST_ERROR,
    OUTPUTS,
    Process,
    ProcessPredictor,
)
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


def inputs_of(
    process: Process, descriptors: np.ndarray, embedding: np.ndarray, member: int
) -> np.ndarray:
    """Return the inputs of one crystal for one member, in double precision."""
    standard = (descriptors.astype(float) - process.center) / process.scale
    mapped = [np.interp(z, GRID, curve) for z, curve in zip(standard, process.curves, strict=True)]
    center, scale = process.embedding_center[member], process.embedding_scale[member]
    embedded = np.clip((embedding.astype(float) - center) / scale, -FARTHEST, FARTHEST)
    return np.concatenate([mapped, embedded])


def shape_at(distance: float) -> float:
    return float((1 + 3**0.5 * distance) * np.exp(-(3**0.5) * distance))


def exact(
    process: Process, descriptors: np.ndarray, embedding: np.ndarray, output: str, member: int
) -> float:
    """Return log10(LTC) of one crystal by one member, in double precision, term by term."""
    inputs = inputs_of(process, descriptors, embedding, member)
    point = inputs @ process.projection[member].astype(float)
    total = float(process.mean[member]) + float(inputs @ process.linear[member])
    own = METHODS.index(output) if output in METHODS else None
    for row, known in enumerate(process.points[member].astype(float)):
        distance = float(np.linalg.norm(point - known))
        covariance = process.amplitude[member] * shape_at(distance)
        if own is not None and row < N_KNOWN and process.methods[own, row]:
            apart = inputs[: len(process.center)] - process.own_known[row]
            root_mean_square = float(np.sqrt(np.mean(apart**2)))
            shape = np.exp(-((process.own_rate[member, own] * root_mean_square) ** 2) / 2)
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


def test_distances_are_means_over_the_members(process, new, embeddings):
    found = ProcessPredictor(process)(new, embeddings, np.zeros(N_NEW, dtype=int)).distance
    squares = [
        (inputs_of(process, row, own[m], m) @ process.projection[m] - process.points[m, :N_KNOWN])
        ** 2
        for row, own in zip(new, embeddings, strict=True)
        for m in range(N_MEMBERS)
    ]
    by_member = np.array(squares).sum(axis=2).reshape(N_NEW, N_MEMBERS, N_KNOWN)
    assert found == pytest.approx(np.sqrt(by_member.mean(axis=1)), abs=1e-4)


def test_an_estimate_moves_predictions_but_is_no_reference(process, new, embeddings):
    asked = (new, embeddings, np.zeros(N_NEW, dtype=int))
    rest = process.coefficients[:, :N_KNOWN], process.points[:, :N_KNOWN]
    without = dataclasses.replace(process, coefficients=rest[0], points=rest[1])
    found, plain = ProcessPredictor(process)(*asked), ProcessPredictor(without)(*asked)
    assert np.abs(found.log_ltc - plain.log_ltc).max() > 0.01
    np.testing.assert_array_equal(found.distance, plain.distance)
    assert found.local_error == pytest.approx(plain.local_error, rel=1e-6)


def test_phonons_are_known_at_an_estimate_and_ever_less_away_from_it(process, new, embeddings):
    """The estimate's point is that of a new crystal, or lies beside it, in every member."""
    zeros = np.zeros(1, dtype=int)
    asked = (new[:1], embeddings[:1], zeros)
    point = np.array(
        [
            inputs_of(process, new[0], embeddings[0, m], m) @ process.projection[m]
            for m in range(N_MEMBERS)
        ]
    )
    found = []
    for distance in (0.0, 0.1, 0.2, 1.1 * ESTIMATE_REACH):
        points = process.points.copy()
        points[:, N_KNOWN:] = 99.0
        points[:, N_KNOWN] = point + distance * np.eye(point.shape[1])[0]
        moved = dataclasses.replace(process, points=points)
        found.append(float(ProcessPredictor(moved)(*asked).phonons_known[0]))
    assert found[0] == pytest.approx(1.0, abs=1e-3)
    assert found[1:3] == pytest.approx([20 / 27, 7 / 27], abs=1e-3)
    assert found[3] == 0.0


def test_no_phonons_are_known_without_estimates(process, new, embeddings):
    rest = process.coefficients[:, :N_KNOWN], process.points[:, :N_KNOWN]
    without = dataclasses.replace(process, coefficients=rest[0], points=rest[1])
    found = ProcessPredictor(without)(new, embeddings, np.zeros(N_NEW, dtype=int))
    assert not found.phonons_known.any()


def test_a_known_crystal_is_at_almost_no_distance_of_itself(process, descriptors):
    embeddings = np.random.default_rng(4).normal(size=(N_KNOWN, N_MEMBERS, EMBEDDING))
    single = embeddings.astype(np.float32)
    points = [
        [inputs_of(process, *crystal, m) @ process.projection[m] for crystal in crystals]
        for m in range(N_MEMBERS)
        for crystals in [list(zip(descriptors, single[:, m], strict=True))]
    ]
    places = np.concatenate([points, process.points[:, N_KNOWN:]], axis=1)
    known = dataclasses.replace(process, points=places.astype(np.float32))
    found = ProcessPredictor(known)(descriptors, single, np.zeros(N_KNOWN, dtype=int)).distance
    assert np.diag(found).max() < 1e-5
    assert (found + np.eye(N_KNOWN)).min() > 0.1


def test_a_method_without_references_adds_nothing(process, new, embeddings):
    nothing = {"methods": np.zeros_like(process.methods), "own_known": process.own_known[:0]}
    none = dataclasses.replace(process, **nothing)
    plain, by_method = (
        ProcessPredictor(none)(new, embeddings, np.full(N_NEW, number)).log_ltc for number in (0, 1)
    )
    np.testing.assert_array_equal(by_method, plain)


def test_the_local_error_is_a_mean_over_what_the_member_was_fitted_to(process, new, embeddings):
    """Errors of more than a factor of five count as that."""
    assert process.errors.max() > MOST_ERROR
    found = ProcessPredictor(process)(new, embeddings, np.zeros(N_NEW, dtype=int))
    for member in range(N_MEMBERS):
        seen = process.coefficients[member, :N_KNOWN] != 0
        weights = local_weight(found.distance[:, seen].astype(float))
        errors = np.minimum(process.errors[member, seen], MOST_ERROR)
        expected = (weights @ errors + FAR * errors.mean()) / (weights.sum(axis=1) + FAR)
        assert found.local_error[:, member] == pytest.approx(expected, abs=1e-5)
    assert not process.coefficients.all()


def test_local_weights_are_of_crystals_close_by_and_not_of_the_crystal_itself():
    weights = local_weight(np.array([0.0, 0.01, 0.2, 0.5, 2.0]))
    expected = [0, 0.0475, 0.3822, 0.0343, 0.0]
    assert weights == pytest.approx(expected, abs=1e-4)


def test_the_squared_exponential_function_falls_from_one_to_three_fifths_at_one_length():
    values = squared_exponential(np.array([0.0, 1.0, 50.0]))
    assert values == pytest.approx([1.0, 0.6065, 0.0], abs=1e-4)


def test_the_matern_function_falls_from_one_to_about_a_half_at_one_length():
    values = matern(np.array([0.0, 1.0, 4.0, 50.0]))
    assert values == pytest.approx([1, 0.483, 0.008, 0], abs=0.001)


def test_a_process_comes_back_from_its_file(process, tmp_path):
    process.save(tmp_path / "process.safetensors")
    back = Process.load(tmp_path / "process.safetensors", N_MEMBERS)
    for field in dataclasses.fields(process):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(process, field.name))
