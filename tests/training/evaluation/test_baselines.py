"""Baselines: what they are fitted to, and that the split's validation labels are not part of it."""

import dataclasses

import numpy as np
import pytest

from training.evaluation import baselines
from training.evaluation.baselines import _all_inputs, _fitted, least_mape_constant
from training.evaluation.reference import ReferenceSet

RNG = np.random.default_rng(0)


def test_no_constant_has_a_smaller_mape():
    ltc = 10 ** RNG.normal(1, 0.6, 51)
    values = np.linspace(ltc.min(), ltc.max(), 5000)
    errors = [np.mean(np.abs(value - ltc) / ltc) for value in values]
    best = least_mape_constant(ltc)
    assert np.mean(np.abs(best - ltc) / ltc) <= min(errors)


@pytest.fixture(scope="module")
def inputs(sets, data_dir):
    return _all_inputs(sets, data_dir)


@pytest.mark.parametrize("kind", baselines.TITLES)
def test_validation_labels_change_nothing(kind, sets, inputs, monkeypatch):
    monkeypatch.setattr(baselines, "TREES", 4)
    monkeypatch.setattr(baselines, "SEARCHED_TREES", 2)
    monkeypatch.setattr(baselines, "N_SPLITS", 2)
    dataset1 = sets["dataset1"]
    hidden = dataset1.validation(1)
    spoiled = dataclasses.replace(dataset1.data, ltc=np.where(hidden, 1e4, dataset1.ltc))
    changed = {**sets, "dataset1": ReferenceSet("dataset1", spoiled)}
    before = _fitted(kind, "dataset1", inputs[kind], sets, "").targets["phonix"]
    after = _fitted(kind, "dataset1", inputs[kind], changed, "").targets["phonix"]
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[1], after[1])


def test_the_embeddings_have_their_widths(inputs):
    assert inputs["ridge"]["dataset1"].shape[1] == 16
    assert inputs["ridge3"]["dataset1"].shape[1] == 48
    assert np.ptp(inputs["ridge"]["phonix"], axis=0).max() > 0
