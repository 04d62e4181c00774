"""Smooth steps and magnitudes."""

import numpy as np
import pytest

from models.smooth import fade, magnitude


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
