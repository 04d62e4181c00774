"""Inputs in standard deviations, and descriptors mapped by their curves."""

import numpy as np
import pytest

from models.network.standardise import FARTHEST, GRID, N_GRID, DescriptorScale, standardise
from tests.models.made_ensemble import random_scale

N_DESCRIPTORS = 7


@pytest.fixture(scope="module")
def descriptors() -> np.ndarray:
    values = np.random.default_rng(1).normal(2, 3, (50, N_DESCRIPTORS)).astype(np.float32)
    values[0, :2] = -1e6, 1e6
    return values


@pytest.fixture(scope="module")
def scale(descriptors) -> DescriptorScale:
    return DescriptorScale(**random_scale(descriptors[1:]))


def test_descriptors_are_mapped_by_their_own_curves(scale, descriptors):
    found = scale(descriptors)
    assert found.dtype == np.float32
    standard = (descriptors.astype(float) - scale.center) / scale.scale
    columns = zip(standard.T, scale.curves, strict=True)
    expected = np.stack([np.interp(z, GRID, curve) for z, curve in columns], axis=1)
    assert found == pytest.approx(expected, abs=1e-5)
    assert np.abs(found - standardise(descriptors, scale.center, scale.scale)).max() > 0.1


def test_any_leading_axes_may_be_given(scale, descriptors):
    together = scale(descriptors.reshape(5, 10, N_DESCRIPTORS))
    np.testing.assert_array_equal(together.reshape(50, N_DESCRIPTORS), scale(descriptors))
    np.testing.assert_array_equal(scale(descriptors[3]), scale(descriptors)[3])


def test_what_is_far_out_is_the_curves_end(scale, descriptors):
    np.testing.assert_array_equal(
        scale(descriptors)[0, :2], [scale.curves[0, 0], scale.curves[1, -1]]
    )


def test_a_straight_curve_leaves_standardised_descriptors(scale, descriptors):
    curves = np.tile(GRID.astype(np.float32), (N_DESCRIPTORS, 1))
    straight = DescriptorScale(scale.center, scale.scale, curves)
    expected = standardise(descriptors, scale.center, scale.scale)
    assert straight(descriptors) == pytest.approx(expected, abs=1e-5)


def test_curves_do_not_jump_at_the_points_of_the_grid():
    curve = np.random.default_rng(2).normal(size=(1, N_GRID)).astype(np.float32)
    scale = DescriptorScale(np.zeros(1, np.float32), np.ones(1, np.float32), curve)
    for shift in (-1e-5, 0.0, 1e-5):
        near = scale((GRID + shift).astype(np.float32)[:, None])[:, 0]
        assert near == pytest.approx(curve[0], abs=1e-3)


def test_standardised_values_end_where_they_count_as_farthest():
    values = np.array([[-100.0, 1.0, 100.0]], np.float32)
    found = standardise(values, np.ones(3, np.float32), np.full(3, 2, np.float32))
    assert found.tolist() == [[-FARTHEST, 0.0, FARTHEST]]
