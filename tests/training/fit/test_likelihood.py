"""Fitting a Gaussian process: on laws that are known."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from models.prediction.gaussian_process import OWN, Prediction, Process
from training.config import GaussianProcessSettings
from training.fit.likelihood import (
    PER_INPUT,
    FittedProcess,
    ProcessTask,
    fit_process,
    fit_processes,
    read_process_file,
    write_process,
)

OFFSETS = (0.4, -0.3)  # of the methods, log10
SCATTER = 0.05
SETTINGS = GaussianProcessSettings()


@pytest.fixture(scope="module")
def task() -> ProcessTask:
    """A law of the first of three inputs; two references in five are of a method of their own."""
    rng = np.random.default_rng(5)
    inputs = rng.uniform(-2, 2, (150, 3))
    methods = np.stack([np.arange(150) % 5 == index for index in range(2)]).astype(float)
    log_ltc = np.sin(2 * inputs[:, 0]) + OFFSETS @ methods + rng.normal(0, SCATTER, 150)
    return ProcessTask(inputs, log_ltc, methods)


@pytest.fixture(scope="module")
def fitted(task) -> FittedProcess:
    return fit_process(task, SETTINGS)


def several(value: np.ndarray, n_axes: int) -> np.ndarray:
    """Return what one process has as that of a member with one, what several have as it is."""
    return value if value.ndim > n_axes else value[None]


def predict(task: ProcessTask, fitted: FittedProcess, inputs: np.ndarray) -> np.ndarray:
    """Return all predictions [n_crystals, n_outputs] as they would be served."""

    def single(values: object) -> np.ndarray:
        return np.asarray(values, dtype=np.float32)

    process = Process(
        center=np.zeros(1, np.float32),
        scale=np.ones(1, np.float32),
        descriptors=single(task.inputs[:, :1]),
        moduli=single(task.inputs[None, :, 1:]),
        methods=single(task.methods),
        mean=single([fitted.mean]),
        coefficients=single([several(fitted.coefficients, 1)]),
        **{
            name: single([several(value, 1 if name in (*PER_INPUT, *OWN) else 0)])
            for name, value in fitted.covariance.items()
        },
    )
    parts = single(inputs[:, :1]), single(inputs[None, :, 1:])
    answers: np.ndarray = Prediction(process)(*map(tf.constant, parts))[0].numpy()[0]
    return answers


def test_the_law_is_found_at_new_places(task, fitted):
    inputs = np.random.default_rng(6).uniform(-1.8, 1.8, (50, 3))
    errors = predict(task, fitted, inputs)[:, 0] - np.sin(2 * inputs[:, 0])
    assert np.abs(errors).mean() < SCATTER


@pytest.mark.parametrize("index", [0, 1])
def test_a_methods_offset_is_found(task, fitted, index):
    inputs = np.random.default_rng(7).uniform(-1.8, 1.8, (50, 3))
    said = predict(task, fitted, inputs)
    assert np.mean(said[:, 1 + index] - said[:, 0]) == pytest.approx(OFFSETS[index], abs=0.1)


def test_inputs_without_say_get_long_lengths(fitted):
    rate = fitted.covariance["rate"]
    assert rate[0] > 3 * rate[1:].max()


def test_references_that_all_others_contradict_count_little(task, fitted):
    """One in fifteen is wrong by a factor of a hundred; the law hardly moves."""
    wrong = np.arange(150) % 15 == 1
    spoiled = replace(task, log_ltc=task.log_ltc + 2.0 * wrong)
    inputs = np.random.default_rng(8).uniform(-1.8, 1.8, (50, 3))
    moved = predict(task, fit_process(spoiled, SETTINGS), inputs) - predict(task, fitted, inputs)
    assert np.abs(moved[:, 0]).mean() < SCATTER


def test_each_process_has_half_of_the_descriptors_and_all_moduli():
    rng = np.random.default_rng(9)
    inputs = rng.uniform(-2, 2, (60, 8))  # the last two are the moduli
    task = ProcessTask(inputs, inputs[:, 6] + inputs[:, 7], np.zeros((2, 60)))
    rates = fit_processes(task, SETTINGS, seed=1).covariance["rate"]
    used = rates > 0
    assert used.shape == (SETTINGS.number, 8)
    assert used[:, 6:].all()
    assert used[:, :6].sum(axis=1).tolist() == [3] * SETTINGS.number
    assert len({tuple(row) for row in used.tolist()}) > 1
    again = fit_processes(task, SETTINGS, seed=1).covariance["rate"]
    np.testing.assert_array_equal(rates, again)


def test_several_processes_answer_with_their_mean():
    rng = np.random.default_rng(10)
    inputs = rng.uniform(-2, 2, (80, 3))
    task = ProcessTask(inputs, np.sin(inputs[:, 1]) + inputs[:, 2], np.zeros((2, 80)))
    fitted = fit_processes(task, SETTINGS, seed=3)
    asked = rng.uniform(-1.5, 1.5, (5, 3))
    each = [
        predict(
            task,
            FittedProcess(
                {name: value[index] for name, value in fitted.covariance.items()},
                fitted.mean,
                fitted.coefficients[index],
            ),
            asked,
        )
        for index in range(SETTINGS.number)
    ]
    assert predict(task, fitted, asked) == pytest.approx(np.mean(each, axis=0), abs=1e-4)


def test_a_fitted_process_comes_back_from_its_file(fitted, tmp_path):
    path = tmp_path / "process.safetensors"
    assert read_process_file(path) is None
    write_process(fitted, path)
    back = read_process_file(path)
    assert back is not None
    assert back.mean == fitted.mean
    np.testing.assert_array_equal(back.coefficients, fitted.coefficients)
    for name, value in fitted.covariance.items():
        np.testing.assert_array_equal(back.covariance[name], value)
