"""Smooth steps, extremes and magnitudes."""

import numpy as np
import pytest

from models.smooth import fade, magnitude, soft_extreme


def test_a_fade_goes_from_one_to_zero_and_never_up():
    value = np.linspace(2, 6, 4001)
    faded = fade(value, 3.5, 4.5)
    assert (faded[value <= 3.5] == 1).all()
    assert (faded[value >= 4.5] == 0).all()
    assert (np.diff(faded) <= 0).all()
    assert fade(np.array([4.0]), 3.5, 4.5) == pytest.approx([0.5])


def test_a_fade_has_two_continuous_derivatives():
    step = 1e-3
    faded = fade(np.arange(3, 5, step), 3.5, 4.5)
    slope, curvature = np.diff(faded) / step, np.diff(faded, 2) / step**2
    assert np.abs(np.diff(slope)).max() < 10 * step
    assert np.abs(np.diff(curvature)).max() < 100 * step  # a cubic smoothstep jumps by 6


def test_magnitudes_far_below_the_noise_vanish_and_large_ones_stay():
    assert magnitude(np.array([0.0, 1e-8, 100.0]), 0.05) == pytest.approx([0, 0, 9.95], abs=1e-3)
    assert magnitude(np.array([-1e-15]), 0.05) == pytest.approx([0])


@pytest.mark.parametrize(("sign", "extreme"), [(-1, 1.0), (1, 7.0)])
def test_soft_extremes_come_near_the_extremes_of_values_that_are_far_apart(sign, extreme):
    values = np.array([[1.0], [4.0], [7.0]])
    share = np.full(3, 1 / 3)
    soft = soft_extreme(values, share, np.array([0.2]), sign)
    assert soft == pytest.approx([extreme], abs=1e-4)
    assert soft_extreme(values, share, np.array([100.0]), sign) == pytest.approx([4], abs=0.1)


def test_a_soft_extreme_does_not_jump_when_two_values_cross():
    def of(value: float) -> float:
        values = np.array([[1.0, 0.0], [value, 0.0]])
        return float(soft_extreme(values, np.array([0.5, 0.5]), np.array([0.1, 0.1]), -1)[0])

    scan = [of(value) for value in np.arange(0.5, 1.5, 0.01)]
    assert np.abs(np.diff(scan)).max() < 0.02
