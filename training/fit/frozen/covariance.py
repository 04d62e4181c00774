"""Covariance of a member's Gaussian process, and the weights of its references.

Sources: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), Eq. 4.17;
Student-t noise, under which references that the others contradict count little, by expectation and
maximisation (Lange, Little and Taylor, J. Am. Stat. Assoc. 84, 881 (1989)).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotri

from models.network.covariances import matern
from training.config import GaussianProcessSettings

JITTER = 1e-5  # variance of log10(LTC) added to every reference
SMALLEST_SQUARE = 1e-12  # of a distance: a root has no slope at zero

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class References:
    """Inputs [n, n_inputs]: standardised descriptors, then embedding; log10 of LTC [n]."""

    inputs: Numbers
    log_ltc: Numbers

    def __len__(self) -> int:
        return len(self.log_ltc)

    def residual(self) -> Numbers:
        """Return log10 of LTC [n] less its mean."""
        residual: Numbers = self.log_ltc - self.log_ltc.mean()
        return residual

    def chosen(self, rows: NDArray[np.int64]) -> "References":
        """Return those in `rows`."""
        return References(self.inputs[rows], self.log_ltc[rows])

    def joined(self, others: "References") -> "References":
        """Return these, then others."""
        return References(
            np.concatenate([self.inputs, others.inputs]),
            np.concatenate([self.log_ltc, others.log_ltc]),
        )


@dataclass(frozen=True)
class Covariance:
    """A Matern function of the distance between points, and a linear function of the inputs.

    `rate` [n_inputs]: one over the length of each input; `projection` [n_inputs, width]: takes
    inputs to points; `slope`: standard deviation of the linear part's coefficients; `amplitude`,
    `noise`: variances of log10(LTC).
    """

    rate: Numbers
    projection: Numbers
    slope: float
    amplitude: float
    noise: float

    def points(self, inputs: Numbers) -> Numbers:
        """Return the points [n, width] of inputs [n, n_inputs]."""
        points: Numbers = inputs @ self.projection
        return points

    def signal(self, references: References) -> Numbers:
        """Return the covariances [n, n] of the references without noise."""
        points, linear = self.points(references.inputs), references.inputs * self.slope
        signal: Numbers = self.amplitude * matern(distances(points, points)) + linear @ linear.T
        return signal


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


def distances(points: Numbers, others: Numbers) -> Numbers:
    """Return the distances [n, m] between points [n, width] and others [m, width]."""
    squares = (points**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    squares -= 2 * points @ others.T
    found: Numbers = np.sqrt(np.maximum(squares, SMALLEST_SQUARE))
    return found
