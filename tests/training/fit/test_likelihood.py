"""Likelihood and covariance of the Gaussian processes, on laws that are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from training.config import GaussianProcessSettings
from training.fit.likelihood import (
    JITTER,
    Covariance,
    References,
    fit_covariance,
    invert,
    negative_log_likelihood,
    start,
    student_weights,
)

SETTINGS = GaussianProcessSettings()
OFFSETS = np.array([0.4, -0.3])  # of the methods, log10
SCATTER = 0.05


@pytest.fixture(scope="module")
def few() -> References:
    """Nine references of three inputs; some of the first method, some of the second."""
    rng = np.random.default_rng(3)
    number = np.arange(9)
    methods = np.stack([number % 4 == 1, number % 4 == 2])
    return References(rng.normal(size=(9, 3)), rng.normal(size=9), methods)


@pytest.fixture(scope="module")
def law() -> References:
    """A law of the first of three inputs; two references in five are of a method of their own."""
    rng = np.random.default_rng(5)
    inputs = rng.uniform(-2, 2, (150, 3))
    methods = np.stack([np.arange(150) % 5 == index for index in range(2)])
    log_ltc = np.sin(2 * inputs[:, 0]) + OFFSETS @ methods + rng.normal(0, SCATTER, 150)
    return References(inputs, log_ltc, methods)


@pytest.fixture(scope="module")
def fitted(law) -> Covariance:
    return fit_covariance(law, SETTINGS)


@pytest.fixture
def place() -> np.ndarray:
    """Logarithms of a covariance, none of them at a start."""
    return np.random.default_rng(4).uniform(-1.5, 0.5, 3 + 3 + 6)


def by_hand(covariance: Covariance, references: References) -> np.ndarray:
    """Return the covariances [n, n] of the references without noise, pair by pair."""
    n = len(references.log_ltc)
    matrix = np.empty((n, n))
    for i, first in enumerate(references.inputs):
        for j, second in enumerate(references.inputs):
            r = np.linalg.norm((first - second) * covariance.rate)
            shape = (1 + 5**0.5 * r + 5 / 3 * r**2) * np.exp(-(5**0.5) * r)
            matrix[i, j] = covariance.amplitude * shape + covariance.slope**2 * first @ second
            for method, mask in enumerate(references.methods):
                if mask[i] and mask[j]:
                    matrix[i, j] += covariance.own_amplitude[method] * shape
                    matrix[i, j] += covariance.own_offset[method]
    return matrix


def test_the_vector_is_the_logarithms_in_order(place):
    covariance = Covariance.of(place)
    assert covariance.vector() == pytest.approx(place)
    assert covariance.rate == pytest.approx(np.exp(place[:3]))
    assert covariance.noise == pytest.approx(np.exp(place[5]))
    assert covariance.own_noise == pytest.approx(np.exp(place[-2:]))


def test_the_signal_is_that_of_pairs(few, place):
    covariance = Covariance.of(place)
    assert covariance.signal(few) == pytest.approx(by_hand(covariance, few), abs=1e-5)


def test_noise_is_that_of_the_method(few, place):
    covariance = Covariance.of(place)
    noise = covariance.noise_of(few.methods)
    expected = [covariance.noise, *covariance.own_noise, covariance.noise]
    assert noise[:4] == pytest.approx(np.array(expected) + JITTER)


def test_the_likelihood_is_that_of_a_normal_distribution(few, place):
    covariance = Covariance.of(place)
    weight = np.linspace(0.5, 2, 9)
    first = place.copy()
    first[:3] -= [0.7, 0.0, -1.4]  # one prior deviation, none, two
    matrix = by_hand(covariance, few) + np.diag(covariance.noise_of(few.methods) / weight)
    normal = multivariate_normal(np.zeros(9), matrix)
    expected = -normal.logpdf(few.log_ltc - few.log_ltc.mean()) - 4.5 * np.log(2 * np.pi)
    found, _ = negative_log_likelihood(place, few, weight, first, 0.7)
    assert found == pytest.approx(expected + 0.5 * (1 + 0 + 4), abs=1e-4)


def test_the_gradient_is_that_of_finite_differences(few, place):
    weight = np.linspace(0.5, 2, 9)
    first = place + 0.3

    def value(vector: np.ndarray) -> float:
        return negative_log_likelihood(vector, few, weight, first, 0.7)[0]

    _, gradient = negative_log_likelihood(place, few, weight, first, 0.7)
    step = 1e-6
    for index in range(len(place)):
        move = step * (np.arange(len(place)) == index)
        slope = (value(place + move) - value(place - move)) / (2 * step)
        assert gradient[index] == pytest.approx(slope, rel=1e-4, abs=1e-6), index
        assert abs(slope) > 1e-4


def test_an_inverse_and_its_determinant():
    root = np.random.default_rng(6).normal(size=(7, 7))
    matrix = root @ root.T + np.eye(7)
    inverse, log_determinant = invert(matrix)
    assert inverse @ matrix == pytest.approx(np.eye(7), abs=1e-9)
    assert log_determinant == pytest.approx(np.linalg.slogdet(matrix)[1])


def test_a_matrix_that_is_not_positive_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        invert(-np.eye(3))


def test_a_fit_raises_the_likelihood(law, fitted):
    first = start(3, SETTINGS).vector()
    ones = np.ones(len(law.log_ltc))
    before, _ = negative_log_likelihood(first, law, ones, first, SETTINGS.length_prior)
    after, _ = negative_log_likelihood(fitted.vector(), law, ones, first, SETTINGS.length_prior)
    assert after < before - 20


def test_inputs_that_do_not_matter_get_long_lengths(fitted):
    assert fitted.rate[0] > 3 * fitted.rate[1:].max()


def predict(law: References, covariance: Covariance, places: np.ndarray) -> np.ndarray:
    """Return the shared process's log10(LTC) at new places, with Student-t weights."""
    n = len(law.log_ltc)
    noise = covariance.noise_of(law.methods) / student_weights(covariance, law, SETTINGS)
    solved = np.linalg.solve(
        covariance.signal(law) + np.diag(noise), law.log_ltc - law.log_ltc.mean()
    )
    both = References(
        np.concatenate([law.inputs, places]),
        np.zeros(n + len(places)),
        np.concatenate([law.methods, np.zeros((2, len(places)), bool)], axis=1),
    )
    predicted: np.ndarray = covariance.signal(both)[n:, :n] @ solved + law.log_ltc.mean()
    return predicted


def test_the_law_is_found_at_new_places(law, fitted):
    places = np.random.default_rng(6).uniform(-1.8, 1.8, (50, 3))
    errors = predict(law, fitted, places) - np.sin(2 * places[:, 0])
    assert np.abs(errors).mean() < 1.5 * SCATTER


def test_an_outlier_counts_little(law, fitted):
    log_ltc = law.log_ltc.copy()
    log_ltc[3] += 2.0  # a factor of a hundred
    weights = student_weights(fitted, replace(law, log_ltc=log_ltc), SETTINGS)
    others = np.delete(weights, 3)
    assert weights[3] < 0.05
    assert np.median(others) > 1
    assert weights[3] < 0.2 * others.min()


def test_outliers_hardly_move_the_law(law, fitted):
    """One in fifteen is wrong by a factor of a hundred."""
    wrong = replace(law, log_ltc=law.log_ltc + 2.0 * (np.arange(150) % 15 == 1))
    places = np.random.default_rng(8).uniform(-1.8, 1.8, (50, 3))
    moved = predict(wrong, fit_covariance(wrong, SETTINGS), places) - predict(law, fitted, places)
    assert np.abs(moved).mean() < 1.5 * SCATTER


def test_a_strict_prior_keeps_the_lengths(law):
    strict = replace(SETTINGS, length_prior=1e-3)
    assert fit_covariance(law, strict).rate == pytest.approx(3**-0.5, rel=0.05)
