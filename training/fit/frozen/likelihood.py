"""Covariance of the Gaussian processes by marginal likelihood, with Student-t noise.

Sources: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), Eqs. 2.25 and 5.9;
Student-t noise, under which references that the others contradict count little, by expectation and
maximisation (Lange, Little and Taylor, J. Am. Stat. Assoc. 84, 881 (1989)).
"""

from dataclasses import dataclass

import numpy as np
import scipy.optimize
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri

from models.network.covariances import SQRT_5
from training.config import GaussianProcessSettings

JITTER = 1e-5  # variance of log10(LTC) added to every reference
SMALLEST_SQUARE = 1e-12  # of a distance: a root has no slope at zero

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class References:
    """Standardised descriptors [n, d] and embeddings [n, 16], log10 of LTC in W/(m K) [n]."""

    inputs: Numbers
    embeddings: Numbers
    log_ltc: Numbers

    def residual(self) -> Numbers:
        """Return log10 of LTC [n] less its mean."""
        residual: Numbers = self.log_ltc - self.log_ltc.mean()
        return residual

    def chosen(self, rows: NDArray[np.int64]) -> "References":
        """Return those in `rows`."""
        return References(self.inputs[rows], self.embeddings[rows], self.log_ltc[rows])


@dataclass(frozen=True)
class Covariance:
    """Values of the covariance.

    `rate` [d], `embedding_rate`: one over the length of each input; `slope`: standard deviation of
    the linear part's coefficients; `amplitude`, `noise`: variances of log10(LTC).
    """

    rate: Numbers
    embedding_rate: float
    slope: float
    amplitude: float
    noise: float

    @classmethod
    def of(cls, vector: Numbers) -> "Covariance":
        """Return the values for their logarithms [d + 4]."""
        values = np.exp(vector)
        return cls(values[:-4], *(float(value) for value in values[-4:]))

    def vector(self) -> Numbers:
        """Return the logarithms of the values, the inverse of `of`."""
        values = [*self.rate, self.embedding_rate, self.slope, self.amplitude, self.noise]
        return np.log(values)

    def signal(self, references: References) -> Numbers:
        """Return the covariances [n, n] of the references without noise."""
        linear = references.inputs * self.slope
        kernel = matern_and_slope(distances(self.scaled(references)))[0]
        signal: Numbers = self.amplitude * kernel + linear @ linear.T
        return signal

    def scaled(self, references: References) -> Numbers:
        """Return descriptors and embeddings [n, d + 16] in lengths."""
        embedded = references.embeddings * self.embedding_rate
        return np.concatenate([references.inputs * self.rate, embedded], axis=1)


def start(n_inputs: int, settings: GaussianProcessSettings) -> Covariance:
    """Return the covariance that a fit starts from."""
    given, rate = settings.start, n_inputs**-0.5
    return Covariance(np.full(n_inputs, rate), rate, given.slope, given.amplitude, given.noise)


def fit_covariance(references: References, settings: GaussianProcessSettings) -> Covariance:
    """Return the covariance of the highest marginal likelihood, found in few steps.

    More steps fit the lengths to the noise.
    """
    first = start(references.inputs.shape[1], settings).vector()
    vector, weight = first, np.ones(len(references.log_ltc))
    for _ in range(settings.rounds):
        vector = scipy.optimize.minimize(
            lambda values, weight=weight: negative_log_likelihood(
                values, references, weight, first, settings.length_prior
            ),
            vector,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": settings.steps},
        ).x
        covariance = Covariance.of(vector)
        signal, noise = covariance.signal(references), covariance.noise + JITTER
        weight = student_weights(signal, noise, references.residual(), settings)
    return Covariance.of(vector)


def negative_log_likelihood(
    vector: Numbers, references: References, weight: Numbers, first: Numbers, prior: float
) -> tuple[float, Numbers]:
    """Return minus the log marginal likelihood, with a prior of the lengths, and its gradient.

    `weight` [n] divides the noise; `prior`: standard deviation of the logarithm of a length about
    its value in `first`.
    """
    covariance, residual = Covariance.of(vector), references.residual()
    matrix = covariance.signal(references)
    matrix[np.diag_indices(len(matrix))] += (covariance.noise + JITTER) / weight
    inverse, log_determinant = invert(matrix)
    solved = inverse @ residual
    value = 0.5 * (residual @ solved + log_determinant)
    sensitivity = 0.5 * (inverse - np.outer(solved, solved))
    gradient = _gradient(covariance, references, weight, sensitivity)
    n_lengths = references.inputs.shape[1] + 1
    departure = (vector[:n_lengths] - first[:n_lengths]) / prior
    gradient[:n_lengths] += departure / prior
    return float(value + 0.5 * (departure**2).sum()), gradient


def _gradient(
    covariance: Covariance, references: References, weight: Numbers, sensitivity: Numbers
) -> Numbers:
    """Return the gradient by the logarithms; `sensitivity` [n, n]: by the matrix's elements."""
    inputs, points = references.inputs, covariance.scaled(references)
    kernel, slope = matern_and_slope(distances(points))
    by_square = covariance.amplitude * sensitivity * slope
    by_rate = 4 * (by_square.sum(axis=1) @ points**2 - (points * (by_square @ points)).sum(0))
    n_inputs = inputs.shape[1]
    return np.concatenate(
        [
            by_rate[:n_inputs],
            [
                by_rate[n_inputs:].sum(),
                2 * covariance.slope**2 * (inputs * (sensitivity @ inputs)).sum(),
                covariance.amplitude * (sensitivity * kernel).sum(),
                covariance.noise * (np.diag(sensitivity) / weight).sum(),
            ],
        ]
    )


def student_weights(
    signal: Numbers, usual: float, residual: Numbers, settings: GaussianProcessSettings
) -> Numbers:
    """Return the weight [n] that Student-t noise leaves each reference.

    `signal` [n, n]: covariances without noise, `usual`: the variance of the noise; `residual` [n].
    """
    degrees, weight = settings.degrees_of_freedom, np.ones(len(residual))
    for _ in range(settings.weight_steps):
        noise = usual / weight
        inverse, _ = invert(signal + np.diag(noise))
        error = noise * (inverse @ residual)
        variance = noise - noise**2 * np.diag(inverse)  # of the process at the reference
        weight = (degrees + 1) / (degrees + (error**2 + variance) / usual)
    return weight


def invert(matrix: Numbers) -> tuple[Numbers, float]:
    """Return the inverse of a positive definite matrix and the logarithm of its determinant."""
    factor, failed = dpotrf(matrix, lower=1, clean=0)
    if failed:
        raise np.linalg.LinAlgError("The covariance is not positive definite.")
    log_determinant = 2 * float(np.log(np.diag(factor)).sum())
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    lower = np.tril(inverse)
    return lower + np.tril(inverse, -1).T, log_determinant


def distances(points: Numbers) -> Numbers:
    """Return the distances [n, n] between points [n, width]."""
    squares = (points**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * points @ points.T
    found: Numbers = np.sqrt(np.maximum(apart, SMALLEST_SQUARE))
    return found


def matern_and_slope(distance: Numbers) -> tuple[Numbers, Numbers]:
    """Return the Matern function (nu = 5/2), and its slope by the squared distance."""
    decay = np.exp(-SQRT_5 * distance)
    value = (1 + SQRT_5 * distance + 5 / 3 * distance**2) * decay
    return value, -5 / 6 * (1 + SQRT_5 * distance) * decay
