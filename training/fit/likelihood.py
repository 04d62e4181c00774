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

from models.network.heads import METHODS
from models.prediction.gaussian_process import SQRT_5
from training.config import GaussianProcessSettings

JITTER = 1e-5  # variance of log10(LTC) added to every reference
SMALLEST_SQUARE = 1e-12  # of a distance: a root has no slope at zero
N_METHODS = len(METHODS)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class References:
    """Inputs [n, d], log10 of LTC in W/(m K) [n], and which are of a method [n_methods, n]."""

    inputs: Numbers
    log_ltc: Numbers
    methods: NDArray[np.bool_]


@dataclass(frozen=True)
class Covariance:
    """Values of the covariance.

    `rate` [d]: one over the length of each input; `slope`: standard deviation of the linear part's
    coefficients. Variances of log10(LTC): `amplitude`, `noise`, and of each method [n_methods]
    `own_amplitude`, `own_offset`, `own_noise`.
    """

    rate: Numbers
    slope: float
    amplitude: float
    noise: float
    own_amplitude: Numbers
    own_offset: Numbers
    own_noise: Numbers

    @classmethod
    def of(cls, vector: Numbers) -> "Covariance":
        """Return the values for their logarithms [d + 3 + 3 n_methods]."""
        values = np.exp(vector)
        shared, own = values[: -3 * N_METHODS], values[-3 * N_METHODS :].reshape(3, N_METHODS)
        slope, amplitude, noise = (float(value) for value in shared[-3:])
        return cls(shared[:-3], slope, amplitude, noise, *own)

    def vector(self) -> Numbers:
        """Return the logarithms of the values, the inverse of `of`."""
        shared = [*self.rate, self.slope, self.amplitude, self.noise]
        return np.log([*shared, *self.own_amplitude, *self.own_offset, *self.own_noise])

    def noise_of(self, methods: NDArray[np.bool_]) -> Numbers:
        """Return the variance of the noise of each reference [n]."""
        own = self.own_noise @ methods
        return np.where(methods.any(axis=0), own, self.noise) + JITTER

    def signal(self, references: References) -> Numbers:
        """Return the covariances [n, n] of the references without noise."""
        kernel = _matern(_distances(references.inputs * self.rate))[0]
        linear = references.inputs * self.slope
        signal: Numbers = self.amplitude * kernel + linear @ linear.T
        for rows, amplitude, offset in self.own_parts(references):
            signal[rows] += amplitude * kernel[rows] + offset
        return signal

    def own_parts(self, references: References) -> list[tuple[tuple[Numbers, ...], float, float]]:
        """Return for each method its block of the matrix, amplitude and offset."""
        pairs = zip(references.methods, self.own_amplitude, self.own_offset, strict=True)
        return [(np.ix_(mask, mask), float(a), float(o)) for mask, a, o in pairs]


def start(n_inputs: int, settings: GaussianProcessSettings) -> Covariance:
    """Return the covariance that a fit starts from."""
    given = settings.start

    def own(value: float) -> Numbers:
        return np.full(N_METHODS, value)

    return Covariance(
        rate=np.full(n_inputs, n_inputs**-0.5),
        slope=given.slope,
        amplitude=given.amplitude,
        noise=given.noise,
        own_amplitude=own(given.own_amplitude),
        own_offset=own(given.own_offset),
        own_noise=own(given.own_noise),
    )


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
        weight = student_weights(Covariance.of(vector), references, settings)
    return Covariance.of(vector)


def negative_log_likelihood(
    vector: Numbers, references: References, weight: Numbers, first: Numbers, prior: float
) -> tuple[float, Numbers]:
    """Return minus the log marginal likelihood, with a prior of the lengths, and its gradient.

    `weight` [n] divides the noise; `prior`: standard deviation of the logarithm of a length about
    its value in `first`.
    """
    covariance = Covariance.of(vector)
    residual = references.log_ltc - references.log_ltc.mean()
    matrix = covariance.signal(references)
    matrix[np.diag_indices(len(matrix))] += covariance.noise_of(references.methods) / weight
    inverse, log_determinant = invert(matrix)
    solved = inverse @ residual
    value = 0.5 * (residual @ solved + log_determinant)
    sensitivity = 0.5 * (inverse - np.outer(solved, solved))
    gradient = _gradient(covariance, references, weight, sensitivity)
    n_inputs = references.inputs.shape[1]
    departure = (vector[:n_inputs] - first[:n_inputs]) / prior
    gradient[:n_inputs] += departure / prior
    return float(value + 0.5 * (departure**2).sum()), gradient


def _gradient(
    covariance: Covariance, references: References, weight: Numbers, sensitivity: Numbers
) -> Numbers:
    """Return the gradient by the logarithms; `sensitivity` [n, n]: by the matrix's elements."""
    inputs, methods = references.inputs, references.methods
    kernel, slope = _matern(_distances(inputs * covariance.rate))
    of_kernel = sensitivity * kernel
    by_distance = covariance.amplitude * sensitivity * slope
    own = np.zeros((3, N_METHODS))
    noise = np.diag(sensitivity) / weight
    for index, (rows, amplitude, offset) in enumerate(covariance.own_parts(references)):
        by_distance[rows] += amplitude * sensitivity[rows] * slope[rows]
        own[0, index] = amplitude * of_kernel[rows].sum()
        own[1, index] = offset * sensitivity[rows].sum()
        own[2, index] = covariance.own_noise[index] * noise[methods[index]].sum()
    by_square = 2 * (by_distance.sum(axis=1) @ inputs**2 - (inputs * (by_distance @ inputs)).sum(0))
    linear = 2 * covariance.slope**2 * (inputs * (sensitivity @ inputs)).sum()
    shared = noise[~methods.any(axis=0)].sum() * covariance.noise
    return np.concatenate(
        [
            by_square * 2 * covariance.rate**2,
            [linear, covariance.amplitude * of_kernel.sum(), shared],
            own.ravel(),
        ]
    )


def student_weights(
    covariance: Covariance, references: References, settings: GaussianProcessSettings
) -> Numbers:
    """Return the weight [n] that Student-t noise leaves each reference."""
    signal = covariance.signal(references)
    usual = covariance.noise_of(references.methods)
    residual = references.log_ltc - references.log_ltc.mean()
    degrees, weight = settings.degrees_of_freedom, np.ones(len(usual))
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


def _distances(points: Numbers) -> Numbers:
    squares = (points**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * points @ points.T
    distances: Numbers = np.sqrt(np.maximum(apart, SMALLEST_SQUARE))
    return distances


def _matern(distance: Numbers) -> tuple[Numbers, Numbers]:
    """Return the Matern function (nu = 5/2), and its slope by the squared distance."""
    decay = np.exp(-SQRT_5 * distance)
    value = (1 + SQRT_5 * distance + 5 / 3 * distance**2) * decay
    return value, -5 / 6 * (1 + SQRT_5 * distance) * decay
