"""Soft extremes over sites."""

import numpy as np
import pytest

from models.descriptors.compiled.columns import SiteWeights, statistics


def extremes(values, width):
    """Return the soft minimum and maximum of a column of values, which count alike."""
    share = np.full(len(values), 1 / len(values))
    weights = SiteWeights(share, share, share)
    return statistics(np.array(values)[:, None], np.array([width]), weights)[1:3]


def test_soft_extremes_come_near_the_extremes_of_values_that_are_far_apart():
    assert extremes([1.0, 4.0, 7.0], 0.2) == pytest.approx([1, 7], abs=1e-4)
    assert extremes([1.0, 4.0, 7.0], 100.0) == pytest.approx([4, 4], abs=0.1)


def test_a_soft_extreme_does_not_jump_when_two_values_cross():
    scan = [extremes([1.0, value], 0.1)[0] for value in np.arange(0.5, 1.5, 0.01)]
    assert np.abs(np.diff(scan)).max() < 0.02
