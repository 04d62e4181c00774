"""What a member is fitted to, under either protocol."""

import numpy as np
import pytest

from models.network.transform import TargetTransform
from training.config import HELD_OUT
from training.fit.targets import ltc_target, published_ltc

FIRST = np.array([9.0, 99.0, 999.0])  # log10(LTC + 1): 1, 2, 3
SECOND = np.array([9.0, 999.0])  # 1, 3
ROWS = np.array([0, 1])


def test_held_out_labels_are_the_data_with_a_transform_of_the_training_rows():
    target = ltc_target(HELD_OUT, FIRST, (3,), ROWS, None)
    assert target.ltc.tolist() == FIRST.tolist()
    assert target.transform.mean == pytest.approx(1.5)
    assert target.transform.std == pytest.approx(0.5)


def test_held_out_transforms_owe_nothing_to_rows_kept_or_to_the_parent():
    changed = np.array([9.0, 99.0, 5.0])
    parent = TargetTransform(3.0, 2.0)
    expected = ltc_target(HELD_OUT, FIRST, (3,), ROWS, None).transform
    assert ltc_target(HELD_OUT, changed, (3,), ROWS, parent).transform == expected


def test_paper_labels_of_one_data_set_are_the_data_with_a_transform_of_all_rows():
    target = ltc_target("paper", FIRST, (3,), ROWS, None)
    assert target.ltc == pytest.approx(FIRST)
    assert target.transform == TargetTransform.fit(FIRST)


def test_paper_labels_of_mix_standardise_each_half_by_itself():
    ltc = np.concatenate([FIRST, SECOND])
    target = ltc_target("paper", ltc, (3, 2), np.arange(5), None)
    mean, std = target.transform.mean, target.transform.std
    assert (mean, std) == pytest.approx((2.0, np.sqrt(0.8)))
    first = np.array([-1, 0, 1]) * np.sqrt(1.5)  # their own mean 2, deviation sqrt(2/3)
    second = np.array([-1, 1])  # mean 2, deviation 1
    logs = mean + std * np.concatenate([first, second])
    assert target.ltc == pytest.approx(10**logs - 1)


def test_paper_labels_at_stage_3_are_seen_through_the_parents_transform():
    parent = TargetTransform(mean=0.7, std=0.4)
    target = ltc_target("paper", SECOND, (2,), np.arange(2), parent)
    assert target.transform == parent
    assert target.ltc == pytest.approx([10**0.3 - 1, 10**1.1 - 1])


def test_the_objective_is_given_the_ltc_and_the_transform():
    target = ltc_target(HELD_OUT, FIRST, (3,), ROWS, None)
    assert target.labels == pytest.approx(FIRST)
    assert target.constants == pytest.approx([1.5, 0.5])


def test_published_ltc_through_the_datas_own_transform_changes_nothing():
    ltc = np.random.default_rng(1).lognormal(2, 1, 40)
    assert published_ltc(ltc, (40,), TargetTransform.fit(ltc)) == pytest.approx(ltc)
