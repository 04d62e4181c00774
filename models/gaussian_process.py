"""A Gaussian process for log10 of a crystal's LTC, as each member has learned it.

A network needs thousands of labels to find what a process makes of a thousand. Its inputs are the
crystal's descriptors and the elastic moduli that the member's network predicts. Its covariance is a
Matern function (nu = 5/2) with a length for each descriptor, and a linear function, which goes on
beyond the data. Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006).

Half-Heusler references, of another method, share this process and have a second one of their own
on top, so that each teaches the other.
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
OUTPUTS = ("ltc", "ltc_half_heusler")
FROM_NETWORK = ("bulk_modulus", "shear_modulus")  # inputs, standardised, beside the descriptors


@dataclass(frozen=True)
class Covariance:
    """What sets the covariance of two crystals; tensors, one value each or [n_inputs].

    `rate`: one over the length of each input. `amplitude`: variance of the Matern part.
    `slope`: standard deviation of the linear part's coefficients. `own_amplitude`, `own_rate`,
    `own_offset`: variances, and rate relative to `rate`, of half-Heuslers' own process.
    """

    rate: tf.Tensor
    amplitude: tf.Tensor
    slope: tf.Tensor
    own_amplitude: tf.Tensor
    own_rate: tf.Tensor
    own_offset: tf.Tensor

    def shared(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Return the covariances [..., n, m] of crystals [..., n, d] and [..., m, d]."""
        distance = self._distance(first, second)
        matern = (1 + SQRT_5 * distance + 5 / 3 * distance**2) * tf.exp(-SQRT_5 * distance)
        slope = self.slope[..., None, :]
        linear = tf.matmul(first * slope, second * slope, transpose_b=True)
        return self.amplitude[..., None, None] * matern + linear

    def own(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Return what two half-Heuslers' covariances have in addition."""
        distance = self.own_rate[..., None, None] * self._distance(first, second)
        bell = tf.exp(-(distance**2))
        return self.own_amplitude[..., None, None] * bell + self.own_offset[..., None, None]

    def _distance(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        rate = self.rate[..., None, :]
        first, second = first * rate, second * rate
        squares = (
            tf.reduce_sum(first**2, axis=-1)[..., :, None]
            + tf.reduce_sum(second**2, axis=-1)[..., None, :]
            - 2 * tf.matmul(first, second, transpose_b=True)
        )
        return tf.sqrt(tf.maximum(squares, 1e-12))  # a root has no slope at zero


@dataclass(frozen=True)
class Process:
    """What members know: arrays of single precision.

    `descriptors` [n_known, n_descriptors] standardised by `center` and `scale`; `moduli`
    [n_members, n_known, 2]: standardised targets of the networks for `FROM_NETWORK`;
    `is_half_heusler` [n_known]: 1 where the reference is of the half-Heusler method, else 0. By
    member: the covariance's values, `mean` [n_members] and `coefficients` [n_members, n_known],
    zero for crystals kept from the member.
    """

    center: NDArray[np.float32]
    scale: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    moduli: NDArray[np.float32]
    is_half_heusler: NDArray[np.float32]
    mean: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    rate: NDArray[np.float32]
    amplitude: NDArray[np.float32]
    slope: NDArray[np.float32]
    own_amplitude: NDArray[np.float32]
    own_rate: NDArray[np.float32]
    own_offset: NDArray[np.float32]

    def predict(self, descriptors: tf.Tensor, moduli: tf.Tensor) -> tf.Tensor:
        """Return log10 of the LTC in W/(m K) [n_members, n_crystals, 2] for `OUTPUTS`.

        Descriptors [n_crystals, n_descriptors] as they are, moduli [n_members, n_crystals, 2] as
        the networks' standardised targets.
        """
        asked = join_inputs(standardise(descriptors, self.center, self.scale), moduli)
        known = join_inputs(tf.constant(self.descriptors), tf.constant(self.moduli))
        covariance = self._covariance()
        shared = _weighted(covariance.shared(asked, known), self.coefficients)
        own = _weighted(covariance.own(asked, known), self.coefficients * self.is_half_heusler)
        ltc = shared + self.mean[:, None]
        return tf.stack([ltc, ltc + own], axis=-1)

    def _covariance(self) -> Covariance:
        return Covariance(
            **{field.name: tf.constant(getattr(self, field.name)) for field in fields(Covariance)}
        )

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
        n_inputs = n_descriptors + len(FROM_NETWORK)
        expected = {
            **dict.fromkeys(("center", "scale"), (n_descriptors,)),
            **dict.fromkeys(("rate", "slope"), (n_members, n_inputs)),
            "descriptors": (n_known, n_descriptors),
            "moduli": (n_members, n_known, len(FROM_NETWORK)),
            "is_half_heusler": (n_known,),
            "coefficients": (n_members, n_known),
        }
        for field in fields(self):
            value = getattr(self, field.name)
            shape = expected.get(field.name, (n_members,))
            if value.shape != shape or value.dtype != np.float32 or not np.isfinite(value).all():
                raise DamagedEnsemble(
                    f"{path}: {field.name} is not {shape} finite numbers of single precision."
                )


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


def _weighted(covariances: tf.Tensor, coefficients: NDArray[np.float32]) -> tf.Tensor:
    return tf.linalg.matvec(covariances, tf.constant(coefficients))
