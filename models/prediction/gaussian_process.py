"""Gaussian processes for log10 of a crystal's LTC, as each member has learned them.

A network needs thousands of labels to find what a process makes of a thousand. The inputs are the
crystal's descriptors and the elastic moduli that the member's network predicts. The covariance is a
Matern function (nu = 5/2) with a length for each input, and a linear function, which goes on beyond
the data. Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006).

A member has several processes, each on its own half of the descriptors, and answers with their
mean: they err in different ways (Ho, IEEE Trans. Pattern Anal. 20, 832 (1998)). References of the
`METHODS` share a process with all others and have a second one of their own on top, so that each
teaches the other.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from models.errors import DamagedEnsemble

FARTHEST = 4.0  # standard deviations; beyond, a descriptor counts as this far
SQRT_5 = 5**0.5
METHODS = ("ltc_phono3py", "ltc_half_heusler")  # that have a process of their own
OUTPUTS = ("ltc", *METHODS)
FROM_NETWORK = ("bulk_modulus", "shear_modulus")  # inputs, standardised, beside the descriptors
OWN = ("own_amplitude", "own_rate", "own_offset")
SMALLEST_SQUARE = 1e-12  # of a distance: a root has no slope at zero

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Covariance:
    """What sets the covariance of two crystals; tensors.

    `rate` [n_inputs]: one over the length of each input. `amplitude`: variance of the Matern part.
    `slope` [n_inputs]: standard deviation of the linear part's coefficients. `own_amplitude`,
    `own_rate`, `own_offset` [n_methods]: variances of a method's own process, and its rate relative
    to `rate`.
    """

    rate: tf.Tensor
    amplitude: tf.Tensor
    slope: tf.Tensor
    own_amplitude: tf.Tensor
    own_rate: tf.Tensor
    own_offset: tf.Tensor

    def shared(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return the covariances [n, n] of crystals [n, n_inputs]."""
        scaled = inputs * self.slope
        linear = tf.matmul(scaled, scaled, transpose_b=True)
        return self.amplitude * matern(self._distance(inputs)) + linear

    def own(self, inputs: tf.Tensor) -> tf.Tensor:
        """Return what covariances have in addition [n_methods, n, n] for two of one method."""
        bell = tf.exp(-((self.own_rate[:, None, None] * self._distance(inputs)) ** 2))
        return self.own_amplitude[:, None, None] * bell + self.own_offset[:, None, None]

    def _distance(self, inputs: tf.Tensor) -> tf.Tensor:
        scaled = inputs * self.rate
        squares = tf.reduce_sum(scaled**2, axis=-1)
        products = tf.matmul(scaled, scaled, transpose_b=True)
        return root(squares[:, None] + squares[None, :] - 2 * products)


@dataclass(frozen=True)
class Process:
    """What members know: arrays of single precision.

    `descriptors` [n_known, n_descriptors] standardised by `center` and `scale`; `moduli`
    [n_members, n_known, 2]: standardised targets of the networks for `FROM_NETWORK`;
    `methods` [n_methods, n_known]: 1 where the reference is of the method, else 0; `mean`
    [n_members]. By member and process: `coefficients` [n_members, n_processes, n_known], zero for
    crystals kept from the member, and the covariance's values; rate and slope
    [n_members, n_processes, n_inputs] are zero for inputs that are not the process's.
    """

    center: Single
    scale: Single
    descriptors: Single
    moduli: Single
    methods: Single
    mean: Single
    coefficients: Single
    rate: Single
    amplitude: Single
    slope: Single
    own_amplitude: Single
    own_rate: Single
    own_offset: Single

    def inputs(self) -> Single:
        """Return the known crystals' inputs [n_members, n_known, n_inputs]."""
        inputs = join_inputs(tf.constant(self.descriptors), tf.constant(self.moduli))
        return np.asarray(inputs.numpy(), dtype=np.float32)

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
        """Raise DamagedEnsemble where an array has another shape or holds what is no number."""
        n_known, n_descriptors = self.descriptors.shape
        of_members = (n_members, self.rate.shape[1])
        expected = {
            **dict.fromkeys(("center", "scale"), (n_descriptors,)),
            **dict.fromkeys(("rate", "slope"), (*of_members, n_descriptors + len(FROM_NETWORK))),
            **dict.fromkeys(OWN, (*of_members, len(METHODS))),
            "descriptors": (n_known, n_descriptors),
            "moduli": (n_members, n_known, len(FROM_NETWORK)),
            "methods": (len(METHODS), n_known),
            "mean": (n_members,),
            "coefficients": (*of_members, n_known),
        }
        for field in fields(self):
            value = getattr(self, field.name)
            shape = expected.get(field.name, of_members)
            if value.shape != shape or value.dtype != np.float32 or not np.isfinite(value).all():
                raise DamagedEnsemble(
                    f"{path}: {field.name} is not {shape} finite numbers of single precision."
                )


class Prediction:
    """A process made ready to predict: what does not depend on the crystal asked is worked out."""

    def __init__(self, process: Process) -> None:
        known = process.inputs()
        weights = process.coefficients
        self._center, self._scale = tf.constant(process.center), tf.constant(process.scale)
        self._known = tf.constant(known)
        self._squared_rate = tf.constant(process.rate[:, :, None] ** 2)
        self._squares = tf.constant(np.matmul(process.rate**2, (known**2).swapaxes(1, 2)))
        self._slope = tf.constant(process.slope**2 * np.matmul(weights, known))
        self._mean = tf.constant(process.mean)
        self._weights = tf.constant(weights * process.amplitude[..., None])
        self._methods = [_Own(process, index) for index in range(len(METHODS))]

    def __call__(self, descriptors: tf.Tensor, moduli: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return log10 of the LTC in W/(m K) [n_members, n_crystals, n_outputs] for `OUTPUTS`.

        The second tensor is the standard deviation over a member's processes. Descriptors
        [n_crystals, n_descriptors] as they are, moduli [n_members, n_crystals, 2] as the networks'
        standardised targets.
        """
        asked = join_inputs(standardise(descriptors, self._center, self._scale), moduli)
        distance = self._distance(asked)
        linear = tf.matmul(self._slope, asked, transpose_b=True) + self._mean[:, None, None]
        ltc = linear + tf.linalg.matvec(matern(distance), self._weights)
        said = tf.stack([ltc, *(ltc + own(distance) for own in self._methods)], axis=-1)
        return tf.reduce_mean(said, axis=1), tf.math.reduce_std(said, axis=1)

    def _distance(self, asked: tf.Tensor) -> tf.Tensor:
        """Return the distances [n_members, n_processes, n_crystals, n_known] to the known ones."""
        scaled = asked[:, None] * self._squared_rate
        shape = tf.shape(scaled)
        # Processes side by side: broadcast, each would get a copy of the known crystals.
        flat = tf.reshape(scaled, [shape[0], shape[1] * shape[2], shape[3]])
        products = tf.reshape(
            tf.matmul(flat, self._known, transpose_b=True), [shape[0], shape[1], shape[2], -1]
        )
        squares = tf.reduce_sum(scaled * asked[:, None], axis=-1)
        return root(squares[..., None] + self._squares[:, :, None] - 2 * products)


class _Own:
    """What the process of one method adds, made ready to predict."""

    def __init__(self, process: Process, index: int) -> None:
        references = np.flatnonzero(process.methods[index])
        weights = process.coefficients[..., references]
        self._references = tf.constant(references)
        self._rate = tf.constant(process.own_rate[..., index, None, None])
        self._weights = tf.constant(weights * process.own_amplitude[..., index, None])
        offset = process.own_offset[..., index] * weights.sum(axis=-1)
        self._offset = tf.constant(offset[..., None])

    def __call__(self, distance: tf.Tensor) -> tf.Tensor:
        """Return what is added to log10 of the LTC for distances [..., n_crystals, n_known]."""
        to_references = tf.gather(distance, self._references, axis=-1)
        bell = tf.exp(-((self._rate * to_references) ** 2))
        return tf.linalg.matvec(bell, self._weights) + self._offset


def matern(distance: tf.Tensor) -> tf.Tensor:
    """Return the Matern function (nu = 5/2), one at no distance."""
    return (1 + SQRT_5 * distance + 5 / 3 * distance**2) * tf.exp(-SQRT_5 * distance)


def root(squares: tf.Tensor) -> tf.Tensor:
    """Return distances for their squares, which rounding may have made negative."""
    return tf.sqrt(tf.maximum(squares, SMALLEST_SQUARE))


def standardise(values: tf.Tensor, center: tf.Tensor, scale: tf.Tensor) -> tf.Tensor:
    """Return the descriptors [n, d] in standard deviations, none beyond `FARTHEST`."""
    return tf.clip_by_value((values - center) / scale, -FARTHEST, FARTHEST)


def join_inputs(descriptors: tf.Tensor, moduli: tf.Tensor) -> tf.Tensor:
    """Return inputs [n_members, n, d + 2] from descriptors [n, d] and moduli [n_members, n, 2].

    Moduli are bounded as descriptors are.
    """
    shape = tf.concat([tf.shape(moduli)[:2], tf.shape(descriptors)[-1:]], axis=0)
    bounded = tf.clip_by_value(moduli, -FARTHEST, FARTHEST)
    return tf.concat([tf.broadcast_to(descriptors, shape), bounded], axis=-1)
