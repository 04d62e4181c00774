"""Errors by hand, bad references, and predictions that failed."""

import numpy as np
import pytest

from models.errors import DataError
from training.scoring.scores import score

REFERENCE = np.array([1.0, 10.0, 100.0, 4.0])
PREDICTED = np.array([2.0, 5.0, 100.0, 16.0])  # 2, 1/2, 1 and 4 times


def test_known_errors():
    found = score(REFERENCE, PREDICTED)
    assert found["mape"] == pytest.approx((1 + 0.5 + 0 + 3) / 4)
    assert found["median_ape"] == pytest.approx(0.75)
    assert found["mae_log10"] == pytest.approx(np.log10(2) * (1 + 1 + 0 + 2) / 4)
    assert found["within_factor_2"] == 0.75
    assert found["sre"] == pytest.approx((2 / 3 + 2 / 3 + 0 + 1.2) / 4)
    assert found["spearman"] == pytest.approx(0.8)  # 1 - 6 (0 + 1 + 0 + 1) / (4 * 15)
    assert found["failures"] == 0


def test_perfect_predictions_have_no_error():
    found = score(REFERENCE, REFERENCE)
    zeros = {name: found[name] for name in ("mape", "median_ape", "mae_log10", "sre", "failures")}
    assert set(zeros.values()) == {0}
    assert found["within_factor_2"] == 1
    assert found["spearman"] == pytest.approx(1)


def test_the_symmetric_error_is_symmetric():
    assert score(REFERENCE, PREDICTED)["sre"] == pytest.approx(score(PREDICTED, REFERENCE)["sre"])


def test_a_constant_ranks_nothing():
    assert score(REFERENCE, np.full(4, 7.0))["spearman"] == 0


def test_reversed_predictions_rank_the_wrong_way():
    assert score(REFERENCE, 1 / REFERENCE)["spearman"] == pytest.approx(-1)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_a_bad_reference_raises(bad):
    reference = np.array([1.0, bad, 3.0])
    with pytest.raises(DataError, match="References must be positive numbers"):
        score(reference, np.ones(3))


def test_no_references_raise():
    with pytest.raises(DataError, match="at least one"):
        score(np.array([]), np.array([]))


@pytest.mark.parametrize("failed", [0.0, -2.0, np.nan, np.inf])
def test_a_failed_prediction_counts_as_the_worst_and_is_counted(failed):
    others = score(REFERENCE[:3], PREDICTED[:3])
    found = score(REFERENCE, np.array([2.0, 5.0, 100.0, failed]))
    assert found["failures"] == 1
    assert found["mape"] == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert found["mae_log10"] == pytest.approx(np.log10(2) * 3 / 4)
    assert found["sre"] == pytest.approx((2 / 3 + 2 / 3 + 0 + 2) / 4)
    for name in ("mape", "mae_log10", "sre"):
        assert found[name] > others[name]


def test_a_failed_prediction_is_not_within_a_factor_of_2():
    assert score(REFERENCE, np.array([1.0, 10.0, 100.0, np.nan]))["within_factor_2"] == 0.75


def test_only_failures_are_infinitely_wrong():
    found = score(REFERENCE, np.full(4, np.nan))
    assert (found["failures"], found["mape"], found["sre"]) == (4, np.inf, 2)
    assert (found["within_factor_2"], found["spearman"]) == (0, 0)
