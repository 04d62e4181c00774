"""A method's own process, on top of the one that it shares with all references.

Its values are those of the highest marginal likelihood of the method's references in a member's
training, given all other references. These are curated: none of them is an outlier, as references
of the shared method may be.
"""

from dataclasses import dataclass

import numpy as np
import scipy.optimize

from models.network.covariances import squared_exponential
from training.fit.frozen.covariance import JITTER, Numbers, invert

START = (0.05, 0.05, 0.01, 1.0)  # amplitude, offset, noise, rate
BOUNDS = ((1e-4, 10.0),) * 3 + ((0.1, 10.0),)
SPREAD = 1.0  # prior standard deviation of the logarithm of the rate


@dataclass(frozen=True)
class OwnProcess:
    """Variances of log10(LTC), and one over the length."""

    amplitude: float
    offset: float
    noise: float
    rate: float

    def signal(self, distance: Numbers) -> Numbers:
        """Return the covariances [n, m] at these root mean square differences of descriptors."""
        kernel = squared_exponential(self.rate * distance)
        signal: Numbers = self.amplitude * kernel + self.offset
        return signal


@dataclass(frozen=True)
class MethodReferences:
    """References of one method, as the shared process sees them.

    `distance` [n, n]; `signal` [n, n] and `residual` [n]: covariance of log10(LTC) given the
    references of no method, and its departure from what these predict.
    """

    distance: Numbers
    signal: Numbers
    residual: Numbers


def fit_own_process(references: MethodReferences) -> OwnProcess:
    """Return the own process of a method."""

    def loss(logarithms: Numbers) -> float:
        own = OwnProcess(*np.exp(logarithms))
        prior = 0.5 * float(logarithms[3] / SPREAD) ** 2
        return negative_log_likelihood(own, references) + prior

    if not len(references.residual):
        return OwnProcess(*START)
    found = scipy.optimize.minimize(
        loss, np.log(START), method="L-BFGS-B", bounds=np.log(BOUNDS).tolist()
    )
    return OwnProcess(*np.exp(found.x))


def negative_log_likelihood(own: OwnProcess, references: MethodReferences) -> float:
    """Return minus the log marginal likelihood, up to a constant."""
    matrix = references.signal + own.signal(references.distance)
    matrix[np.diag_indices(len(matrix))] += own.noise + JITTER
    inverse, log_determinant = invert(matrix)
    residual = references.residual
    return float(0.5 * (residual @ inverse @ residual + log_determinant))
