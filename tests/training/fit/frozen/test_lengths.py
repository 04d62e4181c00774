"""Covariance of the Gaussian processes and its fit, on laws that are known."""

from dataclasses import replace

import numpy as np
import pytest

from training.config import GaussianProcessSettings
from training.fit.frozen.covariance import (
    JITTER,
    Covariance,
    References,
    distances,
    invert,
    student_weights,
)
from training.fit.frozen.lengths import BEND, Trial, Values, fit_covariance, held_out_error, start

SETTINGS = GaussianProcessSettings(width=3)
SCATTER = 0.05
N_INPUTS = 5
ROWS = np.arange(200)
FORMULAS = [f"X{row}" for row in ROWS]


@pytest.fixture(scope="module")
def few() -> References:
    rng = np.random.default_rng(3)
    return References(rng.normal(size=(13, N_INPUTS)), rng.normal(size=13))


@pytest.fixture(scope="module")
def law() -> References:
    """A law of the first and the fourth of five inputs."""
    rng = np.random.default_rng(5)
    inputs = rng.uniform(-2, 2, (len(ROWS), N_INPUTS))
    return References(inputs, truth(inputs) + rng.normal(0, SCATTER, len(ROWS)))


def truth(inputs: np.ndarray) -> np.ndarray:
    value: np.ndarray = np.sin(2 * inputs[:, 0]) + 0.3 * inputs[:, 3]
    return value


@pytest.fixture(scope="module")
def fitted(law) -> Covariance:
    return fit_covariance(law, FORMULAS, SETTINGS, seed=1)


def by_hand(covariance: Covariance, first: np.ndarray, second: np.ndarray) -> float:
    """Return the covariance of two crystals' inputs."""
    r = np.linalg.norm((first - second) @ covariance.projection)
    shape = (1 + 3**0.5 * r) * np.exp(-(3**0.5) * r)
    return float(covariance.amplitude * shape + covariance.slope**2 * first @ second)


def test_the_signal_is_that_of_pairs(few):
    rng = np.random.default_rng(8)
    rate = rng.uniform(0.2, 0.9, N_INPUTS)
    covariance = Covariance(rate, rng.normal(size=(N_INPUTS, 2)), 0.3, 0.7, 0.1)
    pairs = [[by_hand(covariance, a, b) for a in few.inputs] for b in few.inputs]
    assert covariance.signal(few) == pytest.approx(np.array(pairs), abs=1e-5)


def test_distances_are_those_of_pairs(few):
    found = distances(few.inputs[:4], few.inputs[4:])
    pairs = [[np.linalg.norm(a - b) for b in few.inputs[4:]] for a in few.inputs[:4]]
    assert found == pytest.approx(np.array(pairs))


@pytest.fixture
def trial(few) -> Trial:
    rows = np.arange(13)
    return Trial(few.chosen(rows[:8]), np.linspace(0.5, 2, 8), few.chosen(rows[8:]))


@pytest.fixture
def place() -> np.ndarray:
    """Logarithms of the values, none of them at a start."""
    return np.random.default_rng(4).uniform(-1.5, 0.5, N_INPUTS + 3)


def test_the_error_is_that_of_a_process_without_what_is_held_out(trial, place):
    values = Values.of(place)
    covariance = Covariance(
        values.rate, np.diag(values.rate), values.slope, values.amplitude, values.noise
    )
    noise = np.diag(values.noise / trial.weight + JITTER)
    solved = np.linalg.solve(covariance.signal(trial.known) + noise, trial.known.log_ltc)
    between = [[by_hand(covariance, a, b) for b in trial.known.inputs] for a in trial.held.inputs]
    error = np.array(between) @ solved - trial.held.log_ltc
    found, _ = held_out_error(place, trial)
    assert found == pytest.approx(np.sqrt(error**2 + BEND**2).mean(), rel=1e-6)


def test_the_gradient_is_that_of_finite_differences(trial, place):
    _, gradient = held_out_error(place, trial)
    step = 1e-5
    for index in range(len(place)):
        move = step * (np.arange(len(place)) == index)
        above, below = (held_out_error(place + sign * move, trial)[0] for sign in (1, -1))
        slope = (above - below) / (2 * step)
        assert gradient[index] == pytest.approx(slope, rel=1e-4, abs=1e-7), index
        assert abs(slope) > 1e-5


def test_an_inverse_and_its_determinant():
    root = np.random.default_rng(6).normal(size=(7, 7))
    matrix = root @ root.T + np.eye(7)
    inverse, log_determinant = invert(matrix)
    assert inverse @ matrix == pytest.approx(np.eye(7), abs=1e-9)
    assert log_determinant == pytest.approx(np.linalg.slogdet(matrix)[1])


def test_a_matrix_that_is_not_positive_is_refused():
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        invert(-np.eye(3))


def test_inputs_that_matter_get_short_lengths(fitted):
    others = np.delete(fitted.rate, [0, 3])
    assert fitted.rate[0] > 2 * others.max()


def test_the_projection_keeps_distances_as_far_as_its_width(law, fitted):
    """Inputs of five numbers become points of three, those along which references spread most."""
    exact = distances(law.inputs * fitted.rate, law.inputs * fitted.rate)
    kept = distances(fitted.points(law.inputs), fitted.points(law.inputs))
    assert (kept <= exact + 1e-9).all()
    assert kept.mean() > 0.8 * exact.mean()
    whole = fit_covariance(law, FORMULAS, replace(SETTINGS, width=N_INPUTS, steps=1), seed=1)
    kept = distances(whole.points(law.inputs), whole.points(law.inputs))
    assert kept == pytest.approx(distances(law.inputs * whole.rate, law.inputs * whole.rate))


def test_the_fit_is_reproducible(law, fitted):
    again = fit_covariance(law, FORMULAS, SETTINGS, seed=1)
    np.testing.assert_array_equal(again.rate, fitted.rate)


def test_polymorphs_are_held_out_together(law):
    """Twins of each reference with labels of no law: known, they would give their twin away."""
    rng = np.random.default_rng(2)
    twins = References(np.repeat(law.inputs, 2, axis=0), np.repeat(rng.normal(size=len(ROWS)), 2))
    names = np.repeat(FORMULAS, 2)
    together = fit_covariance(twins, names.tolist(), SETTINGS, seed=1)
    apart = fit_covariance(twins, [f"Y{row}" for row in range(len(names))], SETTINGS, seed=1)
    assert together.noise / together.amplitude > 2 * apart.noise / apart.amplitude


def weights_of(references: References, covariance: Covariance) -> np.ndarray:
    usual = covariance.noise + JITTER
    return student_weights(covariance.signal(references), usual, references.residual(), SETTINGS)


def predict(law: References, covariance: Covariance, inputs: np.ndarray) -> np.ndarray:
    """Return log10(LTC) of new inputs, with Student-t weights."""
    n = len(law.log_ltc)
    noise = (covariance.noise + JITTER) / weights_of(law, covariance)
    solved = np.linalg.solve(covariance.signal(law) + np.diag(noise), law.residual())
    both = References(np.concatenate([law.inputs, inputs]), np.zeros(n + len(inputs)))
    predicted: np.ndarray = covariance.signal(both)[n:, :n] @ solved + law.log_ltc.mean()
    return predicted


def test_the_law_is_found_at_new_places(law, fitted):
    inputs = np.random.default_rng(6).uniform(-1.8, 1.8, (50, N_INPUTS))
    assert np.abs(predict(law, fitted, inputs) - truth(inputs)).mean() < 2 * SCATTER


def test_an_outlier_counts_little(law, fitted):
    log_ltc = law.log_ltc.copy()
    log_ltc[3] += 2.0  # a factor of a hundred
    weights = weights_of(replace(law, log_ltc=log_ltc), fitted)
    others = np.delete(weights, 3)
    assert weights[3] < 0.05
    assert weights[3] < 0.2 * np.median(others)


def test_outliers_hardly_move_the_law(law, fitted):
    """One in fifteen is wrong by a factor of a hundred."""
    wrong = replace(law, log_ltc=law.log_ltc + 2.0 * (ROWS % 15 == 1))
    inputs = np.random.default_rng(8).uniform(-1.8, 1.8, (50, N_INPUTS))
    refitted = fit_covariance(wrong, FORMULAS, SETTINGS, seed=1)
    moved = predict(wrong, refitted, inputs) - predict(law, fitted, inputs)
    assert np.abs(moved).mean() < 3 * SCATTER


def test_a_fit_begins_at_one_length(few):
    values = Values.of(start(4, SETTINGS))
    assert values.rate == pytest.approx([0.5] * 4)
    assert values.noise == pytest.approx(SETTINGS.start.noise)
