"""Lengths of a Gaussian process, by the error of predictions for formulas held out.

In each step some formulas are held out at random, the process of the others predicts them, and all
values of the covariance follow the gradient of the mean absolute error (Adam: Kingma and Ba, arXiv
1412.6980). The marginal likelihood asks for another thing: how probable the references are, labels
that are wrong included.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from models.network.covariances import SQRT_3
from training.config import GaussianProcessSettings
from training.fit.frozen.covariance import (
    JITTER,
    Covariance,
    Numbers,
    References,
    distances,
    student_weights,
)

BETA_1, BETA_2, EPSILON = 0.9, 0.98, 1e-12
RISE = 20  # steps in which the learning rate rises
BEND = 0.03  # errors of log10(LTC) far below count by their square


@dataclass(frozen=True)
class Values:
    """What is fitted: `Covariance` before its projection."""

    rate: Numbers
    slope: float
    amplitude: float
    noise: float

    @classmethod
    def of(cls, logarithms: Numbers) -> "Values":
        """Return the values for their logarithms [n_inputs + 3]."""
        values = np.exp(logarithms)
        return cls(values[:-3], *(float(value) for value in values[-3:]))

    def covariance(self, projection: Numbers) -> Covariance:
        """Return the covariance whose points are inputs times `projection` [n_inputs, width]."""
        return Covariance(self.rate, projection, self.slope, self.amplitude, self.noise)


@dataclass(frozen=True)
class Trial:
    """References that are known, with the `weight` [n] that divides their noise, and held out."""

    known: References
    weight: Numbers
    held: References


def fit_covariance(
    references: References, formulas: Sequence[str], settings: GaussianProcessSettings, seed: int
) -> Covariance:
    """Return the covariance that predicts references of held-out formulas best."""
    rng, residual = np.random.default_rng(seed), references.residual()
    centered = References(references.inputs, residual)
    _, group = np.unique(formulas, return_inverse=True)
    logarithms = start(references.inputs.shape[1], settings)
    adam, weight = _Adam(len(logarithms)), np.ones(len(residual))
    for step in range(settings.steps):
        if step % settings.reweigh == 0:
            weight = _weights(Values.of(logarithms), centered, settings)
        held = (rng.random(group.max() + 1) < settings.held)[group]
        known, new = np.flatnonzero(~held), np.flatnonzero(held)
        trial = Trial(centered.chosen(known), weight[known], centered.chosen(new))
        _, gradient = held_out_error(logarithms, trial)
        logarithms = logarithms - _learning_rate(step, settings) * adam.direction(gradient)
    values = Values.of(logarithms)
    return values.covariance(_projection(references.inputs, values.rate, settings.width))


def start(n_inputs: int, settings: GaussianProcessSettings) -> Numbers:
    """Return the logarithms [n_inputs + 3] that a fit starts from."""
    given = settings.start
    return np.log([*[n_inputs**-0.5] * n_inputs, given.slope, given.amplitude, given.noise])


def held_out_error(logarithms: Numbers, trial: Trial) -> tuple[float, Numbers]:
    """Return the mean error of log10(LTC) of what is held out, and its gradient.

    Errors below `BEND` count by their square.
    """
    values, known, held = Values.of(logarithms), trial.known, trial.held
    points, new = known.inputs * values.rate, held.inputs * values.rate
    kernel, fall = _matern_and_slope(distances(points, points))
    across, across_fall = _matern_and_slope(distances(new, points))
    linear = values.slope**2 * known.inputs
    noise = values.noise / trial.weight
    matrix = values.amplitude * kernel + linear @ known.inputs.T
    matrix[np.diag_indices(len(matrix))] += noise + JITTER
    factor = scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
    solved = scipy.linalg.cho_solve(factor, known.log_ltc, check_finite=False)
    between = values.amplitude * across + held.inputs @ linear.T
    error = between @ solved - held.log_ltc
    size = np.sqrt(error**2 + BEND**2)
    pull = error / size / len(error)
    back = scipy.linalg.cho_solve(factor, between.T @ pull, check_finite=False)
    by_square = values.amplitude * np.outer(-back, solved) * fall
    by_rate = _by_rate(by_square, points, points)
    by_rate += _by_rate(values.amplitude * np.outer(pull, solved) * across_fall, new, points)
    weighed = known.inputs.T @ solved
    by_slope = (held.inputs.T @ pull - known.inputs.T @ back) @ weighed
    by_amplitude = pull @ across @ solved - back @ kernel @ solved
    rest = [
        2 * values.slope**2 * by_slope,
        values.amplitude * by_amplitude,
        -(back * solved) @ noise,
    ]
    return float(size.mean()), np.concatenate([by_rate, rest])


def _by_rate(by_square: Numbers, first: Numbers, second: Numbers) -> Numbers:
    """Return the gradient by the logarithm of each rate.

    `by_square` [n, m]: by the squared distance of points [n, n_inputs] and [m, n_inputs].
    """
    own = by_square.sum(axis=1) @ first**2 + by_square.sum(axis=0) @ second**2
    by_rate: Numbers = 2 * (own - 2 * (first * (by_square @ second)).sum(axis=0))
    return by_rate


def _matern_and_slope(distance: Numbers) -> tuple[Numbers, Numbers]:
    """Return the Matern function (nu = 3/2), and its slope by the squared distance."""
    scaled = SQRT_3 * distance
    decay = np.exp(-scaled)
    return (1 + scaled) * decay, -1.5 * decay


def _weights(values: Values, references: References, settings: GaussianProcessSettings) -> Numbers:
    signal = values.covariance(np.diag(values.rate)).signal(references)
    return student_weights(signal, values.noise + JITTER, references.log_ltc, settings)


def _projection(inputs: Numbers, rate: Numbers, width: int) -> Numbers:
    """Return what takes inputs to their first principal components, in lengths."""
    scaled = (inputs - inputs.mean(axis=0)) * rate
    _, axes = np.linalg.eigh(scaled.T @ scaled)
    projection: Numbers = rate[:, None] * axes[:, ::-1][:, :width]
    return projection


def _learning_rate(step: int, settings: GaussianProcessSettings) -> float:
    """Return the rate: a short rise, and half a cosine to zero."""
    wave = (1 + math.cos(math.pi * step / settings.steps)) / 2
    return settings.learning_rate * min(1.0, (step + 1) / RISE) * wave


class _Adam:
    """Running means of a gradient and of its square."""

    def __init__(self, size: int) -> None:
        self._count = 0
        self._first, self._second = np.zeros(size), np.zeros(size)

    def direction(self, gradient: Numbers) -> Numbers:
        """Return where to go down from, in steps of one."""
        self._count += 1
        self._first += (1 - BETA_1) * (gradient - self._first)
        self._second += (1 - BETA_2) * (gradient**2 - self._second)
        first = self._first / (1 - BETA_1**self._count)
        second = self._second / (1 - BETA_2**self._count)
        direction: Numbers = first / (np.sqrt(second) + EPSILON)
        return direction
