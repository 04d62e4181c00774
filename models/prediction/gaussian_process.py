"""Gaussian process for log10 of a crystal's LTC, one a member, on common inputs.

The inputs are the crystal's descriptors. The covariance is a Matern function (nu = 5/2) with a
length for each input, and a linear function, which extends beyond the data. All members share
inputs, lengths and variances; they differ in the references that each is fitted to, so that one
distance to each known crystal serves all. References of a method in `METHODS` share the process
with all others and have a second one on top, so that each informs the other. Source: Rasmussen and
Williams, Gaussian Processes for Machine Learning (2006), Eqs. 2.25, 4.17 and 5.9.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from models.errors import DamagedEnsemble

LTC = "ltc"
METHODS = ("ltc_phono3py", "ltc_half_heusler")  # each with a process of its own on top
OUTPUTS = (LTC, *METHODS)
FARTHEST = 5.0  # standard deviations; a descriptor beyond counts as this far
SQRT_5 = 5**0.5

Single = NDArray[np.float32]


class ProcessOutputs(NamedTuple):
    """log10 of the LTC in W/(m K) [n_crystals, n_members, n_outputs], for `OUTPUTS`.

    `distance` [n_crystals, n_known]: to the known crystals, in lengths of the covariance.
    """

    log_ltc: NDArray[np.float64]
    distance: Single


@dataclass(frozen=True)
class Process:
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

    def save(self, path: Path) -> None:
        """Write the process to a file without pickle."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        save_file({name: np.ascontiguousarray(value) for name, value in arrays.items()}, path)

    @classmethod
    def load(cls, path: Path, n_members: int) -> Self:
        """Return the process in a file; DamagedEnsemble where it is not one of `n_members`."""
        try:
            process = cls(**load_file(path))
        except (OSError, SafetensorError, TypeError) as error:
            raise DamagedEnsemble(f"{path} cannot be read: {error}") from error
        process.check(path, n_members)
        return process

    def check(self, path: Path, n_members: int) -> None:
        """Raise DamagedEnsemble where an array has another shape or a value that is not finite."""
        n_known, n_inputs = self.known.shape
        expected = {
            **dict.fromkeys(("center", "scale", "rate"), (n_inputs,)),
            **dict.fromkeys(("amplitude", "slope"), (1,)),
            **dict.fromkeys(("own_amplitude", "own_offset"), (len(METHODS),)),
            "known": (n_known, n_inputs),
            "methods": (len(METHODS), n_known),
            "mean": (n_members,),
            "coefficients": (n_members, n_known),
        }
        for name, shape in expected.items():
            value = getattr(self, name)
            if value.shape != shape or value.dtype != np.float32 or not np.isfinite(value).all():
                raise DamagedEnsemble(
                    f"{path}: {name} is not {shape} finite numbers of single precision."
                )


class ProcessPredictor:
    """A process ready to predict: everything that does not depend on the crystal is precomputed."""

    def __init__(self, process: Process) -> None:
        self._center, self._scale, self._rate = process.center, process.scale, process.rate
        self._known = np.ascontiguousarray((process.known * process.rate).T)
        self._squares = (self._known**2).sum(axis=0)
        self._mean = process.mean.astype(float)
        self._linear = process.slope**2 * (process.known.T @ process.coefficients.T)
        self._weights, self._offset = _by_output(process)

    def __call__(self, descriptors: Single) -> ProcessOutputs:
        """Return the outputs for descriptors [n_crystals, n_inputs]."""
        inputs = standardise(descriptors, self._center, self._scale)
        distance = self._distance(inputs)
        shape = (len(inputs), len(self._mean), len(OUTPUTS))
        log_ltc = (matern(distance) @ self._weights).reshape(shape).astype(float)
        log_ltc += (inputs @ self._linear + self._mean)[:, :, None] + self._offset
        return ProcessOutputs(log_ltc, distance)

    def _distance(self, inputs: Single) -> Single:
        scaled = inputs * self._rate
        squares = (scaled**2).sum(axis=1)[:, None] + self._squares - 2 * (scaled @ self._known)
        distance: Single = np.sqrt(np.maximum(squares, 0))
        return distance


def _by_output(process: Process) -> tuple[Single, NDArray[np.float64]]:
    """Return the Matern part's weights [n_known, n_members * n_outputs], and the offsets."""
    coefficients = process.coefficients[:, None]
    variance = np.concatenate(
        [np.zeros_like(process.methods[:1]), process.own_amplitude[:, None] * process.methods]
    )
    weights = coefficients * (process.amplitude + variance)
    own = (coefficients * process.methods).sum(axis=2) * process.own_offset
    offset = np.concatenate([np.zeros((len(own), 1)), own], axis=1)
    return np.ascontiguousarray(weights.reshape(-1, weights.shape[2]).T), offset


def matern(distance: Single) -> Single:
    """Return the Matern function (nu = 5/2), one at no distance."""
    scaled = SQRT_5 * distance
    value: Single = (1 + scaled + scaled * scaled / 3) * np.exp(-scaled)
    return value


def standardise(values: Single, center: Single, scale: Single) -> Single:
    """Return descriptors [n, d] in standard deviations, none beyond `FARTHEST`."""
    standardised: Single = np.clip((values - center) / scale, -FARTHEST, FARTHEST)
    return standardised
