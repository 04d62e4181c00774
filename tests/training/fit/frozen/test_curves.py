"""Curves of descriptors."""

import numpy as np
import pytest

from models.network.standardise import FARTHEST, GRID, DescriptorScale
from training.fit.frozen.curves import fit_curves

RNG = np.random.default_rng(1)


def bent(values: np.ndarray) -> np.ndarray:
    """Return values of one descriptor as its curve gives them back."""
    column = values.astype(np.float32)[:, None]
    ones = np.ones(1, np.float32)
    scale = DescriptorScale(0 * ones, ones, fit_curves(column))
    return np.asarray(scale(column)[:, 0])


def test_a_normal_descriptor_stays_as_it_is():
    values = RNG.normal(size=4000)
    assert np.abs(bent(values) - values)[np.abs(values) < 2].max() < 0.1


def test_a_tail_is_brought_in():
    values = RNG.lognormal(size=2000)
    values = (values - values.mean()) / values.std()
    found = bent(values)
    assert found.max() < 0.8 * min(values.max(), FARTHEST)
    assert found[values < 0].std() > 1.5 * values[values < 0].std()


def test_a_curve_never_reverses_an_order():
    for values in (RNG.lognormal(size=300), np.repeat([0.0, 1.0], [290, 10]), np.zeros(50)):
        (curve,) = fit_curves(values.astype(np.float32)[:, None])
        assert (np.diff(curve) > 0).all()
        assert np.abs(curve).max() <= FARTHEST
        assert curve.shape == GRID.shape


def test_a_descriptor_that_few_crystals_have_stays_in_bounds():
    values = np.zeros(5000)
    values[:3] = 4.0
    found = bent(values)
    assert np.abs(found).max() <= FARTHEST
    assert found[3:] == pytest.approx(found[3])
