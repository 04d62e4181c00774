"""Expected error, interval and verdict from a calibration made by hand."""

import itertools

import pytest

from models.prediction.calibration import (
    Calibration,
    ErrorPredictors,
    interval_groups,
    zone_shares,
)
from models.prediction.policy import AnswerPolicy

CALIBRATION = Calibration(
    level=0.9,
    base=0.1,
    per_distance=0.2,
    per_disagreement=1.0,
    per_local_error=0.5,
    least=0.15,
    quantile=2.0,
    factors={"type_rocksalt": 0.5, "elements_2": 1.5, "zone_outside": 1.1},
    inside=0.2,
    outside=0.4,
)


def test_the_expected_error_is_linear_above_the_least():
    assert CALIBRATION.expected(ErrorPredictors(1.0, 0.1, 0.2)) == pytest.approx(0.5)
    assert CALIBRATION.expected(ErrorPredictors(0.1)) == 0.15


def test_known_phonons_count_by_how_much_is_known():
    calibration = CALIBRATION.model_copy(update={"with_phonons": 0.64})
    for known, factor in ((0.0, 1.0), (0.5, 0.8), (1.0, 0.64)):
        predictors = ErrorPredictors(1.0, 0.1, 0.2, phonons_known=known)
        assert calibration.expected(predictors) == pytest.approx(0.5 * factor)
        least = ErrorPredictors(0.1, phonons_known=known)
        assert calibration.expected(least) == pytest.approx(0.15 * factor)


def test_the_expected_error_grows_with_each_predictor():
    places = [0.0, 0.1, 0.3, 1.0, 4.0]
    for lower, upper in itertools.pairwise(places):
        for other in itertools.product(places, repeat=2):
            for position in range(3):
                low, high = (list(other), list(other))
                low.insert(position, lower)
                high.insert(position, upper)
                before = CALIBRATION.expected(ErrorPredictors(*low))
                assert before <= CALIBRATION.expected(ErrorPredictors(*high))


def test_the_interval_widens_by_the_factors_of_its_groups():
    assert CALIBRATION.half_width(0.2) == pytest.approx(0.4)
    rocksalt = {"type_rocksalt": 1.0, "elements_3": 1.0}
    assert CALIBRATION.half_width(0.2, rocksalt) == pytest.approx(0.2)
    binary = {"type_rocksalt": 1.0, "elements_2": 1.0}
    assert CALIBRATION.half_width(0.2, binary) == pytest.approx(0.3)
    assert CALIBRATION.half_width(0.6) == pytest.approx(1.32)  # outside


def test_half_a_share_counts_for_the_root_of_a_factor():
    assert CALIBRATION.half_width(0.2, {"elements_2": 0.5}) == pytest.approx(0.4 * 1.5**0.5)
    assert CALIBRATION.half_width(0.4) == pytest.approx(0.8 * 1.1**0.5)  # at the edge


def test_the_interval_has_no_step():
    """Neither where a verdict changes nor where a decade does."""
    decades = Calibration.model_validate(
        CALIBRATION.model_dump()
        | {"factors": {"zone_edge": 1.2, "predicted_1_10": 0.9, "predicted_100_1000": 1.5}}
    )
    widths = [decades.half_width(0.1 * 1.001**n) for n in range(2000)]
    widths += [decades.half_width(0.3, interval_groups("x", 2, 1.001**n)) for n in range(9000)]
    for before, after in itertools.pairwise(widths[:2000]):
        assert abs(after / before - 1) < 0.002
    for before, after in itertools.pairwise(widths[2000:]):
        assert abs(after / before - 1) < 0.002


@pytest.mark.parametrize(
    ("expected", "verdict"), [(0.2, "inside"), (0.21, "edge"), (0.4, "edge"), (0.41, "outside")]
)
def test_the_verdict_follows_the_expected_error(expected, verdict):
    assert CALIBRATION.zone(expected) == verdict


@pytest.mark.parametrize(
    ("ltc", "decade"), [(0.02, "0.1_1"), (0.5, "0.1_1"), (3.0, "1_10"), (2000.0, "100_1000")]
)
def test_a_crystal_is_of_its_type_its_number_of_elements_and_its_predicted_decade(ltc, decade):
    groups = interval_groups("rocksalt", 2, ltc)
    assert groups == {"type_rocksalt": 1.0, "elements_2": 1.0, f"predicted_{decade}": 1.0}


def test_at_the_edge_of_a_decade_a_crystal_is_half_of_either():
    groups = interval_groups("rocksalt", 2, 100.0)
    assert (groups["predicted_10_100"], groups["predicted_100_1000"]) == (0.5, 0.5)
    assert interval_groups("rocksalt", 2, 80.0)["predicted_100_1000"] == pytest.approx(
        0.258, abs=0.001
    )


def test_many_elements_form_one_group():
    assert "elements_4" in interval_groups("other_types", 7, 1.0)


@pytest.mark.parametrize(
    ("expected", "zones"),
    [
        *((0.1, {"inside": 1.0}), (0.2, {"inside": 0.5, "edge": 0.5})),
        *(
            (0.08**0.5, {"edge": 1.0}),
            (0.4, {"edge": 0.5, "outside": 0.5}),
            (1.0, {"outside": 1.0}),
        ),
    ],
)
def test_a_crystal_is_of_its_verdict_and_half_of_two_at_an_edge(expected, zones):
    shares = zone_shares(expected, 0.2, 0.4)
    for name in ("inside", "edge", "outside"):
        assert shares.get(f"zone_{name}", 0.0) == pytest.approx(zones.get(name, 0.0))


def test_verdicts_of_one_edge_are_told_apart_at_once():
    assert zone_shares(0.19, 0.2, 0.2) == {"zone_inside": 1.0}
    assert zone_shares(0.21, 0.2, 0.2) == {"zone_outside": 1.0}


def test_a_policy_names_the_output_of_a_structure_type():
    policy = AnswerPolicy(by_structure_type={"rocksalt": "ltc_phono3py"}, otherwise="ltc_agl")
    assert policy.output("rocksalt") == "ltc_phono3py"
    assert policy.output("zincblende") == "ltc_agl"
    assert AnswerPolicy().output("rocksalt") == "ltc"
    policy.check(["ltc_phono3py", "ltc_agl"])
    with pytest.raises(ValueError, match="no output is called ltc_agl"):
        policy.check(["ltc_phono3py"])
