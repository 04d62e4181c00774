"""Likelihood and covariance of the Gaussian processes, on laws that are known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from training.config import GaussianProcessSettings
from training.fit.frozen.likelihood import (
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
SCATTER = 0.05


@pytest.fixture(scope="module")
def few() -> References:
    """Nine references of three descriptors and two numbers of an embedding."""
    rng = np.random.default_rng(3)
    return References(rng.normal(size=(9, 3)), rng.normal(size=(9, 2)), rng.normal(size=9))


@pytest.fixture(scope="module")
def law() -> References:
    """A law of the first of three descriptors and the first of two numbers of an embedding."""
    rng = np.random.default_rng(5)
    inputs, embeddings = rng.uniform(-2, 2, (150, 3)), rng.uniform(-2, 2, (150, 2))
    return References(inputs, embeddings, truth(inputs, embeddings) + rng.normal(0, SCATTER, 150))


def truth(inputs: np.ndarray, embeddings: np.ndarray) -> np.ndarray:
    value: np.ndarray = np.sin(2 * inputs[:, 0]) + 0.3 * embeddings[:, 0]
    return value


@pytest.fixture(scope="module")
def fitted(law) -> Covariance:
    return fit_covariance(law, SETTINGS)


@pytest.fixture
def place() -> np.ndarray:
    """Logarithms of a covariance, none of them at a start."""
    return np.random.default_rng(4).uniform(-1.5, 0.5, 3 + 4)


def by_hand(covariance: Covariance, references: References) -> np.ndarray:
    """Return the covariances [n, n] of the references without noise, pair by pair."""
    n = len(references.log_ltc)
    matrix = np.empty((n, n))
    pairs = [*zip(references.inputs, references.embeddings, strict=True)]
    for i, (first, own) in enumerate(pairs):
        for j, (second, other) in enumerate(pairs):
            square = np.sum(((first - second) * covariance.rate) ** 2)
            r = np.sqrt(square + np.sum((own - other) ** 2) * covariance.embedding_rate**2)
            shape = (1 + 5**0.5 * r + 5 / 3 * r**2) * np.exp(-(5**0.5) * r)
            matrix[i, j] = covariance.amplitude * shape + covariance.slope**2 * first @ second
    return matrix


def test_the_vector_is_the_logarithms_in_order(place):
    covariance = Covariance.of(place)
    assert covariance.vector() == pytest.approx(place)
    assert covariance.rate == pytest.approx(np.exp(place[:3]))
    assert covariance.embedding_rate == pytest.approx(np.exp(place[3]))
    assert covariance.noise == pytest.approx(np.exp(place[6]))


def test_the_signal_is_that_of_pairs(few, place):
    covariance = Covariance.of(place)
    assert covariance.signal(few) == pytest.approx(by_hand(covariance, few), abs=1e-5)


def test_the_likelihood_is_that_of_a_normal_distribution(few, place):
    covariance = Covariance.of(place)
    weight = np.linspace(0.5, 2, 9)
    first = place.copy()
    first[:3] -= [0.7, 0.0, -1.4]  # one prior deviation, none, two
    matrix = by_hand(covariance, few) + np.diag((covariance.noise + JITTER) / weight)
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


def weights_of(references: References, covariance: Covariance) -> np.ndarray:
    usual = covariance.noise + JITTER
    return student_weights(covariance.signal(references), usual, references.residual(), SETTINGS)


def predict(law: References, covariance: Covariance, places: References) -> np.ndarray:
    """Return log10(LTC) at new places, with Student-t weights."""
    n = len(law.log_ltc)
    noise = (covariance.noise + JITTER) / weights_of(law, covariance)
    solved = np.linalg.solve(covariance.signal(law) + np.diag(noise), law.residual())
    both = References(
        np.concatenate([law.inputs, places.inputs]),
        np.concatenate([law.embeddings, places.embeddings]),
        np.concatenate([law.log_ltc, places.log_ltc]),
    )
    predicted: np.ndarray = covariance.signal(both)[n:, :n] @ solved + law.log_ltc.mean()
    return predicted


def new_places(seed: int) -> References:
    """Return places inside of the law's, without scatter."""
    rng = np.random.default_rng(seed)
    inputs, embeddings = rng.uniform(-1.8, 1.8, (50, 3)), rng.uniform(-1.8, 1.8, (50, 2))
    return References(inputs, embeddings, truth(inputs, embeddings))


def test_the_law_is_found_at_new_places(law, fitted):
    places = new_places(6)
    errors = predict(law, fitted, places) - places.log_ltc
    assert np.abs(errors).mean() < 2 * SCATTER


def test_an_outlier_counts_little(law, fitted):
    log_ltc = law.log_ltc.copy()
    log_ltc[3] += 2.0  # a factor of a hundred
    weights = weights_of(replace(law, log_ltc=log_ltc), fitted)
    others = np.delete(weights, 3)
    assert weights[3] < 0.05
    assert np.median(others) > 1
    assert weights[3] < 0.2 * others.min()


def test_outliers_hardly_move_the_law(law, fitted):
    """One in fifteen is wrong by a factor of a hundred."""
    wrong = replace(law, log_ltc=law.log_ltc + 2.0 * (np.arange(150) % 15 == 1))
    places = new_places(8)
    moved = predict(wrong, fit_covariance(wrong, SETTINGS), places) - predict(law, fitted, places)
    assert np.abs(moved).mean() < 2 * SCATTER


def test_a_strict_prior_keeps_the_lengths(law):
    strict = replace(SETTINGS, length_prior=1e-3)
    assert fit_covariance(law, strict).rate == pytest.approx(3**-0.5, rel=0.05)
