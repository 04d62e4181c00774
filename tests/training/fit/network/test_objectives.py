"""Losses, by their definitions."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from training.fit.network.objectives import LogError, Mape

OUTPUTS = tf.constant([[0.1, 2.0], [0.4, -1.0]])
BEND = 0.25
NAN = float("nan")


def array(values: list[Any]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def test_mape_is_taken_after_the_inverse_transform():
    ltc = np.array([5.0, 20.0], dtype=np.float32)
    predicted = 10 ** (np.array([0.1, 0.4]) * 0.5 + 1.2) - 1
    expected = np.mean(np.abs(predicted - ltc) / ltc)
    assert float(Mape()(OUTPUTS, ltc, array([1.2, 0.5]))) == pytest.approx(expected, rel=1e-5)


def test_a_small_log_error_counts_by_its_square_a_large_one_in_proportion():
    small, large = BEND / 2, 2 * BEND
    labels = array([[0.1 + small, 2.0], [0.4 - large, -1.0]])
    loss = float(LogError(2, BEND)(OUTPUTS, labels, array([1, 1])))
    assert loss == pytest.approx((small**2 / (2 * BEND) + large - BEND / 2) / 2, rel=1e-4)


def test_missing_labels_and_outputs_of_no_weight_do_not_count():
    labels = array([[NAN, 3.0], [9.0, NAN]])
    assert float(LogError(2, BEND)(OUTPUTS, labels, array([0, 0]))) == 0
    first = float(LogError(2, BEND)(OUTPUTS, labels, array([1, 0])))
    assert first == pytest.approx((8.6 - BEND / 2) / 2, rel=1e-4)


def test_missing_labels_have_no_gradient():
    outputs = tf.Variable(OUTPUTS)
    with tf.GradientTape() as tape:
        loss = LogError(2, BEND)(outputs, array([[NAN, 3.0], [9.0, NAN]]), array([1, 1]))
    gradient = tape.gradient(loss, outputs).numpy()
    assert np.isfinite(gradient).all()
    assert (gradient == 0).tolist() == [[True, False], [False, True]]
