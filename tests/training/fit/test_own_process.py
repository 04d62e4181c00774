"""A method's own process, on references whose law is known."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from training.fit.frozen.covariance import JITTER
from training.fit.own_process import (
    START,
    MethodReferences,
    OwnProcess,
    fit_own_process,
    negative_log_likelihood,
)

NOTHING_KNOWN = 1e-6  # variance that other references leave


def references_of(own: OwnProcess, n: int, seed: int) -> MethodReferences:
    """Return references drawn from a process, on a line, when others tell nothing apart."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(0, 6, n)
    distance = np.abs(place[:, None] - place)
    covariance = own.signal(distance) + (own.noise + JITTER) * np.eye(n)
    residual = rng.multivariate_normal(np.zeros(n), covariance)
    return MethodReferences(distance, NOTHING_KNOWN * np.eye(n), residual)


def test_the_likelihood_is_that_of_a_normal_distribution():
    own = OwnProcess(0.3, 0.1, 0.02, 1.3)
    references = references_of(own, 12, seed=1)
    matrix = references.signal + own.signal(references.distance)
    normal = multivariate_normal(np.zeros(12), matrix + (own.noise + JITTER) * np.eye(12))
    expected = -normal.logpdf(references.residual) - 6 * np.log(2 * np.pi)
    assert negative_log_likelihood(own, references) == pytest.approx(expected, rel=1e-9)


def test_the_values_of_a_law_are_found():
    found = fit_own_process(references_of(OwnProcess(0.5, 1e-4, 0.01, 2.0), 250, seed=2))
    assert found.amplitude == pytest.approx(0.5, rel=0.6)
    assert found.noise == pytest.approx(0.01, rel=0.3)
    assert found.rate == pytest.approx(2.0, rel=0.4)


def test_a_method_that_agrees_with_the_others_has_hardly_a_process_of_its_own():
    found = fit_own_process(references_of(OwnProcess(1e-4, 1e-4, 0.02, 1.0), 150, seed=3))
    assert found.amplitude + found.offset < 0.005


def test_without_references_it_stays_at_the_start():
    none = MethodReferences(np.empty((0, 0)), np.empty((0, 0)), np.empty(0))
    assert fit_own_process(none) == OwnProcess(*START)
