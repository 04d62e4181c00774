"""Adam, compiled once for all members that a process trains."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.network.architecture import Architecture, weight_shapes
from models.network.batch import CrystalBatch
from models.network.forward import forward
from models.network.tensors import BATCH_SIGNATURE
from training.config import Schedule
from training.fit.network.objectives import Objective
from training.fit.network.parameters import unpack

Vector = NDArray[np.float32]
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's own defaults (Kingma and Ba, arXiv 1412.6980)
SCALAR = tf.TensorSpec([], tf.float32)
CONSTANTS = tf.TensorSpec([None], tf.float32)


@dataclass(frozen=True)
class OptimiserState:
    """Everything a step changes: weights, their running average, Adam's two moments, step count."""

    weights: Vector
    average: Vector
    first_moment: Vector
    second_moment: Vector
    step: int

    @classmethod
    def start(cls, weights: Vector) -> "OptimiserState":
        """Return the state before the first step."""
        zeros = np.zeros_like(weights)
        return cls(weights, weights.copy(), zeros, zeros.copy(), 0)


def learning_rate(schedule: Schedule, epoch: int) -> float:
    """Return the learning rate of an epoch, counted from 0."""
    wave = (1 + math.cos(math.pi * epoch / schedule.t_max)) / 2
    rate = schedule.floor + (schedule.learning_rate - schedule.floor) * wave
    return rate * min(1.0, (epoch + 1) / (schedule.warmup_epochs + 1))


class Optimiser:
    """Adam for one architecture and objective; members are loaded into it in turn."""

    def __init__(self, architecture: Architecture, objective: Objective) -> None:
        self._objective = objective
        self.shapes = weight_shapes(architecture)
        size = sum(math.prod(shape) for shape in self.shapes.values())
        self._weights, self._average, self._first, self._second = (
            tf.Variable(tf.zeros([size])) for _ in range(4)
        )
        self._step = 0
        self._compiled: Any = tf.function(
            self._update,
            input_signature=[BATCH_SIGNATURE, objective.labels, CONSTANTS, *[SCALAR] * 5],
        )
        self._predict: Any = tf.function(
            self._outputs, input_signature=[tf.TensorSpec([size]), BATCH_SIGNATURE]
        )

    @property
    def state(self) -> OptimiserState:
        """A copy of the state as it is now."""
        return OptimiserState(
            self._weights.numpy(),
            self._average.numpy(),
            self._first.numpy(),
            self._second.numpy(),
            self._step,
        )

    def load(self, state: OptimiserState) -> None:
        """Continue from this state."""
        self._weights.assign(state.weights)
        self._average.assign(state.average)
        self._first.assign(state.first_moment)
        self._second.assign(state.second_moment)
        self._step = state.step

    def step(
        self,
        batch: CrystalBatch,
        labels: NDArray[np.float32],
        constants: NDArray[np.float32],
        schedule: Schedule,
        rate: float,
    ) -> tf.Tensor:
        """Return the objective on the batch, after one step of the weights."""
        self._step += 1
        return self._compiled(
            batch,
            labels,
            constants,
            rate,
            1 - BETA_1**self._step,
            1 - BETA_2**self._step,
            schedule.average,
            schedule.clip,
        )

    def predict(self, weights: Vector, batch: CrystalBatch) -> NDArray[np.float32]:
        """Return standardised targets [n_crystals, n_outputs] with the weights given."""
        outputs: NDArray[np.float32] = self._predict(weights, batch).numpy()
        return outputs

    def _outputs(self, weights: tf.Tensor, batch: CrystalBatch) -> tf.Tensor:
        return forward(unpack(weights, self.shapes), batch)[0]

    def _update(  # noqa: PLR0913, PLR0917  (every setting is an input: one trace serves all)
        self,
        batch: CrystalBatch,
        labels: tf.Tensor,
        constants: tf.Tensor,
        rate: tf.Tensor,
        correction_1: tf.Tensor,
        correction_2: tf.Tensor,
        decay: tf.Tensor,
        clip: tf.Tensor,
    ) -> tf.Tensor:
        with tf.GradientTape() as tape:
            outputs = self._outputs(self._weights, batch)
            loss = self._objective(outputs, labels, constants)
        gradient = tape.gradient(loss, self._weights)
        norm = tf.norm(gradient)
        bounded = tf.where(clip > 0, gradient * tf.minimum(1.0, clip / (norm + EPSILON)), gradient)
        tf.raw_ops.ResourceApplyAdam(
            var=self._weights.handle,
            m=self._first.handle,
            v=self._second.handle,
            beta1_power=1 - correction_1,
            beta2_power=1 - correction_2,
            lr=rate,
            beta1=BETA_1,
            beta2=BETA_2,
            epsilon=EPSILON,
            grad=bounded,
        )
        self._average.assign(decay * self._average + (1 - decay) * self._weights)
        return loss
