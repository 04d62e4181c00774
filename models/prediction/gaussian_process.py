"""Gaussian process for log10 of a crystal's LTC, one a member, on common inputs.

The inputs are the crystal's descriptors. The covariance is a Matern function (nu = 5/2) with a
length for each input, and a linear function, which extends beyond the data. All members share
inputs, lengths and variances; they differ in the references that each is fitted to, so that one
distance to each known crystal serves all. References of a method in `METHODS` share the process
with all others and have a second one on top, so that each informs the other. Source: Rasmussen and
Williams, Gaussian Processes for Machine Learning (2006), Eqs. 2.25, 4.17 and 5.9.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.network.arrays import MemberArrays, Single
from models.network.heads import METHODS
from models.network.standardise import standardise
from models.prediction.policy import LTC

OUTPUTS = (LTC, *METHODS)  # each method has a process of its own on top
SQRT_5 = 5**0.5


class ProcessOutputs(NamedTuple):
    """log10 of the LTC in W/(m K) [n_crystals, n_members].

    `distance` [n_crystals, n_known]: to the known crystals, in lengths of the covariance.
    """

    log_ltc: NDArray[np.float64]
    distance: Single


@dataclass(frozen=True)
class Process(MemberArrays):
    """The members' processes; arrays of single precision.

    `known` [n_known, n_inputs]: descriptors of the references, standardised by `center` and
    `scale`. `rate` [n_inputs]: one over the length of each input. `amplitude` [1]: variance of the
    Matern part; `slope` [1]: standard deviation of the linear part's coefficients;
    `own_amplitude`, `own_offset` [n_methods]: variances of a method's own process. `methods`
    [n_methods, n_known]: 1 where a reference is of the method, else 0. `mean` [n_members];
    `coefficients` [n_members, n_known], zero for references held out from the member.
    """

    center: Single
    scale: Single
    known: Single
    rate: Single
    amplitude: Single
    slope: Single
    own_amplitude: Single
    own_offset: Single
    methods: Single
    mean: Single
    coefficients: Single

    def shapes(self, n_members: int) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have; ValueError where `known` has other axes."""
        n_known, n_inputs = self.known.shape
        return {
            **dict.fromkeys(("center", "scale", "rate"), (n_inputs,)),
            **dict.fromkeys(("amplitude", "slope"), (1,)),
            **dict.fromkeys(("own_amplitude", "own_offset"), (len(METHODS),)),
            "known": (n_known, n_inputs),
            "methods": (len(METHODS), n_known),
            "mean": (n_members,),
            "coefficients": (n_members, n_known),
        }


SumCovariances = Callable[
    [Single], tuple[NDArray[np.float64], Single]
]  # as `Covariances` is called
CovariancesWith = Callable[[Single, Single], SumCovariances]  # as `Covariances` is made


class Covariances:
    """Matern covariances with known crystals, ready to be summed.

    `known` [n_known, n_inputs]: their inputs, over the lengths; `weights` [n_known, n_sums]. Large
    terms of both signs cancel in the sums, which are therefore in double precision.
    """

    def __init__(self, known: Single, weights: Single) -> None:
        self._known = known.astype(float)
        self._squares = (self._known**2).sum(axis=1)
        self._weights = weights.astype(float)

    def __call__(self, scaled: Single) -> tuple[NDArray[np.float64], Single]:
        """Return sums over the known crystals [n, n_sums] and distances to them [n, n_known]."""
        inputs = scaled.astype(float)
        products = inputs @ self._known.T
        squares = (inputs**2).sum(axis=1)[:, None] + self._squares - 2 * products
        distance = np.sqrt(np.maximum(squares, 0))
        return matern(distance) @ self._weights, distance.astype(np.float32)


class ProcessPredictor:
    """A process ready to predict: everything that does not depend on the crystal is precomputed.

    `covariances` gives what is called in place of `Covariances`.
    """

    def __init__(self, process: Process, covariances: CovariancesWith | None = None) -> None:
        self._center, self._scale, self._rate = process.center, process.scale, process.rate
        self._mean = process.mean.astype(float)
        known, coefficients = process.known.astype(float), process.coefficients.astype(float)
        self._linear = process.slope**2 * (known.T @ coefficients.T)
        weights, self._offset = _by_output(process)
        self._sum = (covariances or Covariances)(process.known * process.rate, weights)

    def __call__(self, descriptors: Single, outputs: NDArray[np.int64]) -> ProcessOutputs:
        """Return the outputs for descriptors [n_crystals, n_inputs].

        `outputs` [n_crystals]: the number of the output of `OUTPUTS` for each crystal.
        """
        inputs = standardise(descriptors, self._center, self._scale)
        sums, distance = self._sum(inputs * self._rate)
        of_all = sums.reshape(len(inputs), len(OUTPUTS), len(self._mean))
        log_ltc = of_all[np.arange(len(inputs)), outputs]
        log_ltc += inputs @ self._linear + self._mean + self._offset[outputs]
        return ProcessOutputs(log_ltc, distance)


def _by_output(process: Process) -> tuple[Single, NDArray[np.float64]]:
    """Return the Matern part's weights [n_known, n_outputs * n_members], offsets [., n_members]."""
    methods = process.methods * process.own_amplitude[:, None]
    variance = process.amplitude + np.concatenate([np.zeros_like(methods[:1]), methods])
    weights = variance[:, None] * process.coefficients
    own = process.own_offset[:, None] * (process.methods @ process.coefficients.T)
    offset = np.concatenate([np.zeros_like(own[:1]), own]).astype(float)
    return np.ascontiguousarray(weights.reshape(-1, weights.shape[2]).T), offset


def matern(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Matern function (nu = 5/2), one at no distance."""
    scaled = SQRT_5 * distance
    value: NDArray[np.float64] = (1 + scaled + scaled * scaled / 3) * np.exp(-scaled)
    return value
