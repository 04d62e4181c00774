"""One step of training, against NumPy."""

import math
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from models.network.architecture import initial_weights
from models.network.batch import join_graphs
from models.network.forward import forward
from models.network.transform import TargetTransform
from tests.training.conftest import SMALL
from training.config import Schedule, read_preset
from training.fit.network.optimiser import BETA_1, BETA_2, EPSILON, OptimiserState, learning_rate
from training.fit.network.parameters import pack, unpack

TRANSFORM = TargetTransform(1.1, 0.6)
CONSTANTS = np.array([TRANSFORM.mean, TRANSFORM.std], dtype=np.float32)
PLAIN = Schedule(epochs=1, batch_size=8, learning_rate=1e-3, floor=1e-5, t_max=10)
RATE = 2e-3


def cosine_annealing(epoch: int, t_max: int, highest: float, lowest: float) -> float:
    """Return PyTorch's CosineAnnealingLR after `epoch` steps, in its closed form."""
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * epoch / t_max)) / 2


@pytest.mark.parametrize("epoch", [0, 1, 10, 150, 299])
def test_the_papers_learning_rate_is_cosine_annealing(epoch):
    schedule = read_preset("paper").schedule("mix-stage3", "mix")
    expected = cosine_annealing(epoch, 1000, 1e-3, 1e-5)
    assert learning_rate(schedule, epoch) == pytest.approx(expected)


def test_the_learning_rate_goes_from_its_highest_to_its_floor():
    rates = [learning_rate(PLAIN, epoch) for epoch in range(11)]
    assert rates[0] == pytest.approx(1e-3)
    assert rates[5] == pytest.approx((1e-3 + 1e-5) / 2)
    assert rates[10] == pytest.approx(1e-5)
    assert (np.diff(rates) < 0).all()


def test_warm_up_raises_the_rate_in_equal_steps():
    schedule = replace(PLAIN, warmup_epochs=3)
    factors = [learning_rate(schedule, e) / learning_rate(PLAIN, e) for e in range(6)]
    assert factors == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])


@pytest.fixture(scope="module")
def batch(small_graphs):
    return join_graphs(small_graphs[:6])


@pytest.fixture(scope="module")
def ltc():
    return np.random.default_rng(3).lognormal(2, 1, 6).astype(np.float32)


@pytest.fixture
def start(optimiser):
    state = OptimiserState.start(pack(initial_weights(SMALL, 5), optimiser.shapes))
    optimiser.load(state)
    return state


def loss_and_gradient(vector, batch, ltc, shapes):
    """Return the MAPE of the LTC and its gradient, by the definition of both."""
    variable = tf.Variable(vector)
    with tf.GradientTape() as tape:
        outputs = forward(unpack(variable, shapes), batch)[0, :, 0]
        predicted = 10.0 ** (outputs * TRANSFORM.std + TRANSFORM.mean) - 1
        loss = tf.reduce_mean(tf.abs(predicted - ltc) / ltc)
    return float(loss), tape.gradient(loss, variable).numpy().astype(float)


def adam(vector, gradients, rate):
    """Return the weights after Adam's steps with these gradients (arXiv 1412.6980, section 2)."""
    first = second = np.zeros_like(gradients[0])
    weights = vector.astype(float)
    for step, gradient in enumerate(gradients, start=1):
        first = BETA_1 * first + (1 - BETA_1) * gradient
        second = BETA_2 * second + (1 - BETA_2) * gradient**2
        step_rate = rate * math.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
        weights -= step_rate * first / (np.sqrt(second) + EPSILON)
    return weights


def test_two_steps_are_adams(optimiser, start, batch, ltc):
    gradients, losses = [], []
    for _ in range(2):
        before = optimiser.state.weights
        loss, gradient = loss_and_gradient(before, batch, ltc, optimiser.shapes)
        found = optimiser.step(batch, ltc, CONSTANTS, PLAIN, RATE)
        assert float(found) == pytest.approx(loss, rel=1e-5)
        gradients.append(gradient)
        losses.append(loss)
    expected = adam(start.weights, gradients, RATE)
    change = np.abs(optimiser.state.weights - start.weights)
    assert change.max() == pytest.approx(2 * RATE, rel=0.1)
    # Where a gradient is as small as its rounding, Adam's step is anything.
    clear = np.min(np.abs(gradients), axis=0) > 1e-4
    assert clear.sum() > 1000
    assert optimiser.state.weights[clear] == pytest.approx(expected[clear], abs=RATE / 100)
    assert optimiser.state.step == 2
    assert losses[1] < losses[0]


def test_a_clipped_step_follows_the_shortened_gradient(optimiser, start, batch, ltc):
    _, gradient = loss_and_gradient(start.weights, batch, ltc, optimiser.shapes)
    norm = float(np.linalg.norm(gradient))
    optimiser.step(batch, ltc, CONSTANTS, replace(PLAIN, clip=norm / 10), RATE)
    expected = (1 - BETA_1) * gradient / 10
    assert optimiser.state.first_moment == pytest.approx(expected, abs=1e-4 * norm, rel=1e-3)
    moment = np.linalg.norm(optimiser.state.first_moment)
    assert moment == pytest.approx((1 - BETA_1) * norm / 10, rel=1e-4)


@pytest.mark.parametrize("clip", [0.0, 1e6])
def test_a_gradient_below_the_bound_is_left_alone(optimiser, start, batch, ltc, clip):
    _, gradient = loss_and_gradient(start.weights, batch, ltc, optimiser.shapes)
    optimiser.step(batch, ltc, CONSTANTS, replace(PLAIN, clip=clip), RATE)
    moment = np.linalg.norm(optimiser.state.first_moment)
    assert moment == pytest.approx((1 - BETA_1) * np.linalg.norm(gradient), rel=1e-4)


def test_the_average_follows_the_weights(optimiser, start, batch, ltc):
    schedule = replace(PLAIN, average=0.75)
    expected = start.weights.astype(float)
    for _ in range(3):
        optimiser.step(batch, ltc, CONSTANTS, schedule, RATE)
        expected = 0.75 * expected + 0.25 * optimiser.state.weights
    assert optimiser.state.average == pytest.approx(expected, abs=1e-6)


def test_without_an_average_the_last_weights_are_used(optimiser, start, batch, ltc):
    optimiser.step(batch, ltc, CONSTANTS, PLAIN, RATE)
    assert (optimiser.state.average == optimiser.state.weights).all()


def test_a_loaded_state_is_the_state(optimiser, start, batch, ltc):
    optimiser.step(batch, ltc, CONSTANTS, PLAIN, RATE)
    state = optimiser.state
    optimiser.load(OptimiserState.start(np.zeros_like(start.weights)))
    optimiser.load(state)
    again = optimiser.state
    assert again.step == 1
    for name in ("weights", "average", "first_moment", "second_moment"):
        assert (getattr(again, name) == getattr(state, name)).all()


def test_predictions_are_the_networks(optimiser, start, small_graphs):
    batch = join_graphs(small_graphs)
    found = optimiser.predict(start.weights, batch)
    weights = unpack(tf.constant(start.weights), optimiser.shapes)
    assert found == pytest.approx(forward(weights, batch).numpy()[0], abs=1e-5)
    assert found.shape == (len(small_graphs), 1)
