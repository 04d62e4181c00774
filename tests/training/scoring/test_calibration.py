"""Intervals and verdicts on made-up errors whose law is known."""

import numpy as np
import pytest

from training.scoring.calibration import UnseenErrors, calibrate, measure_calibration, unseen_errors
from training.scoring.held_out import HeldOut, held_out

N = 4000


@pytest.fixture(scope="module")
def law() -> UnseenErrors:
    """Errors where 0.1 + 0.3 distance + 0.5 disagreement are expected."""
    rng = np.random.default_rng(1)
    distance, disagreement = rng.gamma(2.0, 0.5, N), rng.exponential(0.2, N)
    error = rng.exponential(0.1 + 0.3 * distance + 0.5 * disagreement)
    return UnseenErrors(error, distance, disagreement, np.arange(N))


def test_the_expected_error_is_found(law):
    calibration = calibrate(law)
    assert calibration.base == pytest.approx(0.1, abs=0.03)
    assert calibration.per_distance == pytest.approx(0.3, abs=0.05)
    assert calibration.per_disagreement == pytest.approx(0.5, abs=0.12)
    assert calibration.quantile == pytest.approx(np.log(10), rel=0.05)  # of an exponential


def test_errors_that_shrink_with_the_distance_give_one_width_for_all():
    distance = np.linspace(0, 1, 50)
    errors = UnseenErrors(1.0 - 0.5 * distance, distance, np.zeros(50), np.arange(50))
    calibration = calibrate(errors)
    assert calibration.per_distance == calibration.per_disagreement == 0
    assert calibration.expected(0.0, 0.0) == calibration.expected(9.0, 9.0)


def test_no_crystal_is_expected_to_be_easier_than_a_tenth_of_the_unseen_ones(law):
    calibration = calibrate(law)
    pairs = zip(law.distance, law.disagreement, strict=True)
    expected = np.array([calibration.expected(*pair) for pair in pairs])
    assert calibration.expected(0.0, 0.0) == calibration.least == expected.min()
    assert np.mean(expected == calibration.least) == pytest.approx(0.1, abs=0.005)


def test_the_quantile_leaves_a_tenth_outside(law):
    calibration = calibrate(law)
    pairs = zip(law.distance, law.disagreement, strict=True)
    widths = np.array([calibration.half_width(calibration.expected(*pair)) for pair in pairs])
    assert np.mean(law.error <= widths) == pytest.approx(0.9, abs=0.005)


def test_measured_coverage_and_verdicts(law):
    reference = np.ones(N)
    sign = np.where(np.arange(N) % 2, 1, -1)
    predictions = HeldOut((10 ** (sign * law.error))[None], np.ones((1, N), dtype=bool))
    groups = {"type_near": law.distance < 0.5, "type_rare": np.arange(N) < 3}
    values = measure_calibration(reference, predictions, law, groups)
    assert values["coverage"] == pytest.approx(0.9, abs=0.02)
    for verdict, share in (("inside", 0.75), ("edge", 0.2), ("outside", 0.05)):
        assert values[f"share_{verdict}"] == pytest.approx(share, abs=0.02)
        assert values[f"coverage_{verdict}"] == pytest.approx(0.9, abs=0.06)
    assert values["median_ape_outside"] > 1.5 * values["median_ape_inside"]
    assert values["coverage_type_near"] == pytest.approx(0.9, abs=0.03)
    assert "coverage_type_rare" not in values


def test_a_member_measures_distance_to_what_it_was_trained_on():
    embeddings = np.array([0.0, 1.0, 5.0, 6.0], dtype=np.float32).reshape(4, 1, 1)
    predictions = held_out(np.full((1, 4), 10.0), [np.array([1, 3])])
    doubts = np.array([0.1, 0.2, 0.3, 0.4])[:, None]
    errors = unseen_errors(np.array([1.0, 1.0, 1.0, 100.0]), predictions, embeddings, doubts)
    assert errors.row.tolist() == [1, 3]
    assert errors.distance == pytest.approx([1.0, 1.0])
    assert errors.error == pytest.approx([1.0, 1.0])
    assert errors.disagreement == pytest.approx([0.2, 0.4])
