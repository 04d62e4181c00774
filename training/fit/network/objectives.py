"""Loss functions."""

from dataclasses import dataclass
from typing import Protocol

import tensorflow as tf

from training.config import LossSettings


class Objective(Protocol):
    """A loss of outputs [n_crystals, n_outputs] and labels; constants may differ by member."""

    @property
    def labels(self) -> tf.TensorSpec:
        """Shape and type of the labels."""

    def __call__(self, outputs: tf.Tensor, labels: tf.Tensor, constants: tf.Tensor) -> tf.Tensor:
        """Return the loss."""


@dataclass(frozen=True)
class Mape:
    """The paper's loss: MAPE of the LTC after the inverse transform.

    Labels [n_crystals]: LTC in W/(m K); constants: mean and standard deviation of the transform.
    """

    @property
    def labels(self) -> tf.TensorSpec:
        """Shape and type of the labels."""
        return tf.TensorSpec([None], tf.float32)

    def __call__(self, outputs: tf.Tensor, labels: tf.Tensor, constants: tf.Tensor) -> tf.Tensor:
        """Return the mean absolute error as a fraction of the LTC."""
        predicted = tf.pow(10.0, outputs[:, 0] * constants[1] + constants[0]) - 1
        return tf.reduce_mean(tf.abs(predicted - labels) / labels)


@dataclass(frozen=True)
class LogError:
    """Error of the logarithms of several quantities, of which each crystal has some.

    Labels [n_crystals, n_outputs]: standardised logarithms, NaN where there is no reference;
    constants: the weight of each output. Errors above `bend` standard deviations count in
    proportion, those below by their square.
    """

    n_outputs: int
    bend: float

    @property
    def labels(self) -> tf.TensorSpec:
        """Shape and type of the labels."""
        return tf.TensorSpec([None, self.n_outputs], tf.float32)

    def __call__(self, outputs: tf.Tensor, labels: tf.Tensor, constants: tf.Tensor) -> tf.Tensor:
        """Return the weighted Huber error, summed over outputs, a crystal."""
        known = tf.math.is_finite(labels)
        errors = tf.abs(outputs - tf.where(known, labels, outputs))
        bent = tf.where(errors < self.bend, errors**2 / (2 * self.bend), errors - self.bend / 2)
        return tf.reduce_mean(tf.reduce_sum(bent * constants, axis=-1))


def objective(loss: LossSettings, n_outputs: int) -> Objective:
    """Return the loss function for a network of `n_outputs`."""
    return Mape() if loss.kind == "mape" else LogError(n_outputs, loss.bend)
