"""Fit of a member's Gaussian processes: covariance by marginal likelihood, then coefficients.

Everything is decided on the member's training rows. Sources: Rasmussen and Williams, Gaussian
Processes for Machine Learning (2006), Eqs. 2.25 and 5.8; for references that the others contradict,
Student-t noise by expectation and maximisation (Lange, Little and Taylor, J. Am. Stat. Assoc. 84,
881 (1989)).
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import scipy.optimize
import tensorflow as tf
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.prediction.gaussian_process import FROM_NETWORK, METHODS, OWN, Covariance
from training.config import GaussianProcessSettings

JITTER = 1e-5
PER_INPUT = ("rate", "slope")
SCALARS = ("amplitude", "noise")
PER_METHOD = (*OWN, "own_noise")

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ProcessTask:
    """Training data of a Gaussian process.

    `inputs` [n_crystals, n_inputs]: descriptors and moduli, standardised; `log_ltc` [n_crystals]:
    log10 of references in W/(m K); `methods` [n_methods, n_crystals]: 1 where the reference is of
    the method, else 0.
    """

    inputs: Numbers
    log_ltc: Numbers
    methods: Numbers


@dataclass(frozen=True)
class FittedProcess:
    """Covariance values by name, mean, and coefficients [n_crystals].

    Of a member's several processes all but the mean have an axis more, the first one.
    """

    covariance: Mapping[str, Numbers]
    mean: float
    coefficients: Numbers


def fit_processes(task: ProcessTask, settings: GaussianProcessSettings, seed: int) -> FittedProcess:
    """Return processes on random parts of the descriptors; all have the moduli, which are last."""
    width = task.inputs.shape[1]
    rng = np.random.default_rng(seed)
    chosen = [_choose_inputs(width, settings.share, rng) for _ in range(settings.number)]
    fitted = [
        fit_process(replace(task, inputs=task.inputs[:, inputs]), settings) for inputs in chosen
    ]
    covariance = {
        name: np.stack([each.covariance[name] for each in fitted]) for name in fitted[0].covariance
    }
    for name in PER_INPUT:
        spread = np.zeros((settings.number, width))
        for row, inputs, values in zip(spread, chosen, covariance[name], strict=True):
            row[inputs] = values
        covariance[name] = spread
    coefficients = np.stack([each.coefficients for each in fitted])
    return FittedProcess(covariance, fitted[0].mean, coefficients)


def _choose_inputs(width: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    n_descriptors = width - len(FROM_NETWORK)
    descriptors = rng.permutation(n_descriptors)[: math.ceil(share * n_descriptors)]
    return np.concatenate([np.sort(descriptors), np.arange(n_descriptors, width)])


def fit_process(task: ProcessTask, settings: GaussianProcessSettings) -> FittedProcess:
    """Return the process of highest marginal likelihood."""
    likelihood = _Likelihood(task, settings)
    vector = likelihood.start
    for _ in range(settings.rounds):
        found = scipy.optimize.minimize(
            likelihood.value_and_gradient,
            vector,
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": settings.steps},
        )
        vector = found.x
        likelihood.weigh(vector)
    return likelihood.fitted(vector)


class _Likelihood:
    """Minus the logarithm of the marginal likelihood, of logarithms of all values in one vector."""

    def __init__(self, task: ProcessTask, settings: GaussianProcessSettings) -> None:
        self._settings = settings
        start = dataclasses.asdict(settings.start)
        self._mean = float(task.log_ltc.mean())
        self._inputs, self._methods = tf.constant(task.inputs), tf.constant(task.methods)
        self._residual = tf.constant(task.log_ltc - self._mean)[:, None]
        self._width = width = task.inputs.shape[1]
        self._length_start = 0.5 * math.log(width)
        scalars = [math.log(start[name]) for name in SCALARS]
        own = [math.log(start[name]) for name in PER_METHOD for _ in METHODS]
        slopes = np.full(width, math.log(start["slope"]))
        self.start = np.concatenate([np.full(width, -self._length_start), slopes, scalars, own])
        self._weight = tf.Variable(tf.ones_like(self._inputs[:, 0]))
        self._compiled: Any = tf.function(self._differentiate)

    def value_and_gradient(self, vector: Numbers) -> tuple[float, Numbers]:
        value, gradient = self._compiled(tf.constant(vector))
        return float(value), gradient.numpy()

    def weigh(self, vector: Numbers) -> None:
        """Give each reference the weight that Student-t noise leaves it."""
        values = self._values(tf.constant(vector))
        usual = self._noise(values).numpy()
        signal = self._signal(values).numpy()
        residual = self._residual.numpy()[:, 0]
        weight, degrees = self._weight.numpy(), self._settings.degrees_of_freedom
        for _ in range(self._settings.weight_steps):
            noise = usual / weight
            inverse = np.linalg.inv(signal + np.diag(noise))
            error = noise * (inverse @ residual)
            variance = noise - noise**2 * np.diag(inverse)  # of the process there
            weight = (degrees + 1) / (degrees + (error**2 + variance) / usual)
        self._weight.assign(weight)

    def fitted(self, vector: Numbers) -> FittedProcess:
        values = self._values(tf.constant(vector))
        factor = tf.linalg.cholesky(self._matrix(values))
        coefficients = tf.linalg.cholesky_solve(factor, self._residual)[:, 0].numpy()
        names = [field.name for field in fields(Covariance)]
        return FittedProcess(
            {name: values[name].numpy() for name in names}, self._mean, coefficients
        )

    def _differentiate(self, vector: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(vector)
            value = self._value(vector)
        return value, tape.gradient(value, vector)

    def _value(self, vector: tf.Tensor) -> tf.Tensor:
        values = self._values(vector)
        factor = tf.linalg.cholesky(self._matrix(values))
        whitened = tf.linalg.triangular_solve(factor, self._residual)
        departure = (vector[: self._width] + self._length_start) / self._settings.length_prior
        return (
            tf.reduce_sum(whitened**2) / 2
            + tf.reduce_sum(tf.math.log(tf.linalg.diag_part(factor)))
            + tf.reduce_sum(departure**2) / 2
        )

    def _values(self, vector: tf.Tensor) -> dict[str, tf.Tensor]:
        sizes = [self._width] * len(PER_INPUT) + [len(SCALARS)] + [len(METHODS)] * len(PER_METHOD)
        rate, slope, scalars, *own = tf.split(tf.exp(vector), sizes)
        return {
            "rate": rate,
            "slope": slope,
            **dict(zip(SCALARS, tf.unstack(scalars), strict=True)),
            **dict(zip(PER_METHOD, own, strict=True)),
        }

    def _matrix(self, values: Mapping[str, tf.Tensor]) -> tf.Tensor:
        return self._signal(values) + tf.linalg.diag(self._noise(values) / self._weight)

    def _signal(self, values: Mapping[str, tf.Tensor]) -> tf.Tensor:
        covariance = Covariance(**{field.name: values[field.name] for field in fields(Covariance)})
        both = self._methods[:, :, None] * self._methods[:, None, :]
        own = tf.reduce_sum(both * covariance.own(self._inputs), axis=0)
        return covariance.shared(self._inputs) + own

    def _noise(self, values: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """Return the variance of each reference's noise, before any weight."""
        own = tf.linalg.matvec(self._methods, values["own_noise"], transpose_a=True)
        return values["noise"] * (1 - tf.reduce_sum(self._methods, axis=0)) + own + JITTER


def write_process(process: FittedProcess, path: Path) -> None:
    """Write a member's processes, all at once: a part of one would be taken for it."""
    arrays = {**process.covariance, "mean": process.mean, "coefficients": process.coefficients}
    unfinished = path.with_suffix(".part")
    save_file(
        {name: np.array(value, dtype=np.float64) for name, value in arrays.items()}, unfinished
    )
    unfinished.replace(path)


def read_process_file(path: Path) -> FittedProcess | None:
    """Return the processes in a file; None where there is no such file."""
    if not path.is_file():
        return None
    arrays = load_file(path)
    mean, coefficients = float(arrays.pop("mean")), arrays.pop("coefficients")
    return FittedProcess(arrays, mean, coefficients)
