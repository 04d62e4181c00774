"""Expected error, interval and verdict from a calibration made by hand."""

import itertools

import pytest

from models.prediction.calibration import Calibration, ErrorPredictors, interval_groups
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
    assert CALIBRATION.half_width(0.3) == pytest.approx(0.6)
    assert CALIBRATION.half_width(0.3, ["type_rocksalt", "elements_3"]) == pytest.approx(0.3)
    assert CALIBRATION.half_width(0.3, ["type_rocksalt", "elements_2"]) == pytest.approx(0.45)
    assert CALIBRATION.half_width(0.5) == pytest.approx(1.1)  # outside


@pytest.mark.parametrize(
    ("expected", "verdict"), [(0.2, "inside"), (0.21, "edge"), (0.4, "edge"), (0.41, "outside")]
)
def test_the_verdict_follows_the_expected_error(expected, verdict):
    assert CALIBRATION.zone(expected) == verdict


@pytest.mark.parametrize(
    ("ltc", "decade"),
    [
        *((0.02, "0.1_1"), (0.5, "0.1_1"), (1.0, "1_10"), (9.9, "1_10")),
        *((10.0, "10_100"), (2000.0, "100_1000")),
    ],
)
def test_a_crystal_is_of_its_type_its_number_of_elements_and_its_predicted_decade(ltc, decade):
    groups = interval_groups("rocksalt", 2, ltc)
    assert groups == ("type_rocksalt", "elements_2", f"predicted_{decade}")


def test_many_elements_form_one_group():
    assert interval_groups("other_types", 7, 1.0)[1] == interval_groups("other_types", 4, 1.0)[1]


def test_a_policy_names_the_output_of_a_structure_type():
    policy = AnswerPolicy(by_structure_type={"rocksalt": "ltc_phono3py"}, otherwise="ltc_agl")
    assert policy.output("rocksalt") == "ltc_phono3py"
    assert policy.output("zincblende") == "ltc_agl"
    assert AnswerPolicy().output("rocksalt") == "ltc"
    policy.check(["ltc_phono3py", "ltc_agl"])
    with pytest.raises(ValueError, match="no output is called ltc_agl"):
        policy.check(["ltc_phono3py"])
