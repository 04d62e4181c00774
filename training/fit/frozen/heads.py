"""Training of a member's heads on the frozen embedding of its parent."""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.network.heads import Heads
from models.network.standardise import DescriptorScale
from training.config import HeadSettings, Schedule

logger = logging.getLogger(__name__)
FILE = "heads.safetensors"
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's own defaults (Kingma and Ba, arXiv 1412.6980)
LAST_START = 0.3  # scale of the last layer's first weights

Single = NDArray[np.float32]


@dataclass(frozen=True)
class HeadTask:
    """What heads are fitted to.

    `inputs` [n_crystals, n_inputs]: standardised descriptors and embedding, and one for each
    method; `log_ltc` [n_crystals]: log10 of the references in W/(m K); `weights` [n_inputs]: what
    the inputs are multiplied with.
    """

    inputs: Single
    log_ltc: NDArray[np.float64]
    weights: Single
    seed: int


def input_weights(rate: NDArray[np.float64], n_embedding: int, n_inputs: int) -> Single:
    """Return the weights [n_inputs] of descriptors, embedding and methods.

    `rate`: one over the length of descriptors and embedding in the member's process. What matters
    little there, matters little at the start here. The other inputs keep their size.
    """
    n_descriptors = len(rate) - n_embedding
    weights = np.ones(n_inputs, np.float32)
    chosen = rate[:n_descriptors]
    weights[:n_descriptors] = chosen / np.sqrt((chosen**2).mean())
    return weights


def fit_heads(task: HeadTask, settings: HeadSettings, schedule: Schedule) -> dict[str, Single]:
    """Return the arrays of `Heads` for one member but those that standardise its inputs."""
    mean, std = float(task.log_ltc.mean()), float(task.log_ltc.std())
    labels = ((task.log_ltc - mean) / std).astype(np.float32)
    tf.random.set_seed(task.seed)
    trainer = _Trainer(task.inputs.shape[1], settings, schedule, task.seed)
    inputs = task.inputs * task.weights
    for rows, rate in _steps(len(labels), settings, schedule, task.seed):
        trainer.step(inputs[rows], labels[rows], rate)
    constants = {"mean": np.array(mean, np.float32), "std": np.array(std, np.float32)}
    arrays = trainer.arrays()
    arrays["kernel_0"] *= task.weights[:, None]  # those who use the heads do not know of them
    return arrays | constants


def write_heads(arrays: dict[str, Single], directory: Path) -> None:
    """Write a member's heads at once: a part of a file would be taken for the whole."""
    unfinished = directory / "heads.part"
    save_file({name: np.ascontiguousarray(value) for name, value in arrays.items()}, unfinished)
    unfinished.replace(directory / FILE)


def has_heads(directory: Path) -> bool:
    """Tell whether a member's heads are fitted."""
    return (directory / FILE).is_file()


def join_heads(scale: DescriptorScale, directories: Sequence[Path]) -> Heads:
    """Return the members' heads as one; `scale` standardises the descriptors."""
    members = [load_file(directory / FILE) for directory in directories]
    names = members[0].keys()
    stacked = {name: np.stack([member[name] for member in members]) for name in names}
    for name in ("mean", "std"):  # a number comes back from its file with an axis of one
        stacked[name] = stacked[name].reshape(len(members))
    return Heads(**asdict(scale), **stacked)


def _steps(
    n_rows: int, settings: HeadSettings, schedule: Schedule, seed: int
) -> Iterator[tuple[NDArray[np.int64], float]]:
    """Yield the rows and the learning rate of each step: a short rise, then a cosine to zero."""
    rng = np.random.default_rng(seed)
    in_epoch = math.ceil(n_rows / schedule.batch_size)
    total = schedule.epochs * in_epoch
    for epoch in range(schedule.epochs):
        batches = np.array_split(rng.permutation(n_rows), in_epoch)
        for index, rows in enumerate(batches, start=epoch * in_epoch + 1):
            wave = (1 + math.cos(math.pi * index / total)) / 2
            yield rows, schedule.learning_rate * min(1.0, index / settings.warmup_steps) * wave


class _Trainer:
    """AdamW for several heads side by side, with dropout and a running average of the weights."""

    def __init__(
        self, n_inputs: int, settings: HeadSettings, schedule: Schedule, seed: int
    ) -> None:
        self._settings = settings
        self._decay = schedule.average
        rng = np.random.default_rng(seed)
        sizes = (n_inputs, *settings.hidden, 1)
        start: list[Single] = []
        for depth, (inputs, outputs) in enumerate(pairwise(sizes)):
            scale = inputs**-0.5 * (LAST_START if depth == len(sizes) - 2 else 1.0)
            kernel = rng.standard_normal((settings.number, inputs, outputs)) * scale
            start += [
                kernel.astype(np.float32),
                np.zeros((settings.number, 1, outputs), np.float32),
            ]
        self._weights, self._average = ([tf.Variable(w) for w in start] for _ in range(2))
        self._first, self._second = ([tf.Variable(tf.zeros_like(w)) for w in start] for _ in "12")
        self._count = 0
        signature = [tf.TensorSpec([None, n_inputs]), tf.TensorSpec([None])] + [
            tf.TensorSpec([])
        ] * 4
        self._compiled = tf.function(self._update, input_signature=signature)

    def step(self, inputs: Single, labels: Single, rate: float) -> None:
        """Take one step of all heads."""
        self._count += 1
        count = self._count
        decay = min(self._decay, count / (count + 10))
        self._compiled(inputs, labels, rate, 1 - BETA_1**count, 1 - BETA_2**count, decay)

    def arrays(self) -> dict[str, Single]:
        """Return kernels [n_heads, inputs, outputs] and biases [n_heads, outputs] by name."""
        values = [weight.numpy() for weight in self._average]
        kernels = {f"kernel_{i}": value for i, value in enumerate(values[::2])}
        return kernels | {f"bias_{i}": value[:, 0] for i, value in enumerate(values[1::2])}

    def _outputs(self, inputs: tf.Tensor) -> tf.Tensor:
        settings = self._settings
        features = tf.tile(inputs[None], [settings.number, 1, 1])
        features = tf.nn.dropout(features, settings.input_dropout)
        for depth in range(len(settings.hidden)):
            kernel, bias = self._weights[2 * depth : 2 * depth + 2]
            features = tf.nn.silu(tf.matmul(features, kernel) + bias)
            features = tf.nn.dropout(features, settings.dropout)
        return (tf.matmul(features, self._weights[-2]) + self._weights[-1])[..., 0]

    def _loss(self, inputs: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Return the negative log likelihood of Student-t errors, up to constants."""
        settings = self._settings
        degrees, square = settings.degrees_of_freedom, settings.error_scale**2
        errors = self._outputs(inputs) - labels
        each = tf.math.log1p(errors**2 / (degrees * square)) * (degrees + 1) * 2 * square
        return tf.reduce_sum(tf.reduce_mean(each, axis=1))

    def _update(  # noqa: PLR0913, PLR0917  (every setting is an input: one trace serves all)
        self,
        inputs: tf.Tensor,
        labels: tf.Tensor,
        rate: tf.Tensor,
        correction_1: tf.Tensor,
        correction_2: tf.Tensor,
        decay: tf.Tensor,
    ) -> None:
        with tf.GradientTape() as tape:
            loss = self._loss(inputs, labels)
        gradients = tape.gradient(loss, self._weights)
        slots = zip(self._weights, self._average, self._first, self._second, gradients, strict=True)
        for weight, average, first, second, gradient in slots:
            first.assign(BETA_1 * first + (1 - BETA_1) * gradient)
            second.assign(BETA_2 * second + (1 - BETA_2) * gradient**2)
            shrink = self._settings.weight_decay if weight.shape[1] > 1 else 0.0
            move = (first / correction_1) / (tf.sqrt(second / correction_2) + EPSILON)
            weight.assign(weight * (1 - rate * shrink) - rate * move)
            average.assign(decay * average + (1 - decay) * weight)
