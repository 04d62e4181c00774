"""Intervals and verdicts on made-up errors whose law is known."""

from dataclasses import replace

import numpy as np
import pytest

from models.prediction.calibration import ErrorPredictors
from training.scoring.calibration import (
    PRIOR,
    ErrorSample,
    calibrate,
    conformal_quantile,
    group_effects,
    nearest_distances,
)
from training.scoring.coverage import measure_calibration, try_calibration
from training.scoring.held_out import held_out

N = 4000
SCALE = {"type_hard": 2.0, "type_easy": 0.5, "type_usual": 1.0}  # of the errors, by group


def sample(
    seed: int, n: int = N, groups: tuple[str, ...] = ("type_usual",), *, few: int = 0
) -> ErrorSample:
    """Return errors whose expectation is linear in their predictors, times the group's.

    The `few` first crystals are of one more group, with errors as of the others.
    """
    rng = np.random.default_rng(seed)
    distance = rng.gamma(2.0, 0.5, n)
    disagreement, local = rng.exponential(0.2, n), rng.exponential(0.2, n)
    names = rng.choice(groups, n)
    scale = np.array([SCALE[name] for name in names])
    error = scale * rng.exponential(0.1 + 0.3 * distance + 0.5 * disagreement + 0.4 * local)
    sign = np.where(np.arange(n) % 2, 1, -1)
    rows = np.arange(n)
    owners = tuple(
        {str(name): 1.0} | ({"elements_few": 1.0} if row < few else {})
        for row, name in enumerate(names)
    )
    predicted = 10 ** (sign * error)
    known = np.zeros(n)
    return ErrorSample(error, distance, disagreement, local, known, predicted, rows, owners)


def nothing(errors: ErrorSample) -> ErrorSample:
    return errors.chosen(np.zeros(len(errors), dtype=bool))


@pytest.fixture(scope="module")
def law() -> ErrorSample:
    return sample(1)


@pytest.fixture(scope="module")
def uneven() -> ErrorSample:
    return sample(2, groups=tuple(SCALE))


def test_the_expected_error_is_found(law):
    calibration = calibrate(law)
    assert calibration.base == pytest.approx(0.1, abs=0.03)
    assert calibration.per_distance == pytest.approx(0.3, abs=0.05)
    assert calibration.per_disagreement == pytest.approx(0.5, abs=0.12)
    assert calibration.per_local_error == pytest.approx(0.4, abs=0.12)
    assert calibration.quantile == pytest.approx(np.log(10), rel=0.05)  # of an exponential
    zones = ("zone_inside", "zone_edge", "zone_outside")
    expected = {"type_usual": pytest.approx(1, abs=0.01)} | dict.fromkeys(
        zones, pytest.approx(1, abs=0.15)
    )
    assert calibration.factors == expected


def test_large_expected_errors_with_heavier_tails_have_wider_intervals(law):
    """A fifth of them is four times as large as expected, the others are a fifth of it."""
    usual = calibrate(law)
    expected = np.array([usual.expected(law.predictors(row)) for row in range(N)])
    far = expected > usual.outside
    drawn = np.random.default_rng(5).random(N) < 0.2
    heavy = replace(law, error=np.where(far, expected * np.where(drawn, 4.2, 0.2), law.error))
    calibration = calibrate(heavy)
    assert calibration.factors["zone_outside"] > 1.1 * usual.factors["zone_outside"]
    without = calibration.model_copy(update={"factors": {}})
    covered, uncorrected = (
        heavy.error[far]
        <= [each.half_width(each.expected(heavy.predictors(row))) for row in np.flatnonzero(far)]
        for each in (calibration, without)
    )
    assert covered.mean() > uncorrected.mean() + 0.02


def test_errors_that_shrink_with_the_distance_give_one_width_for_all():
    distance = np.linspace(0, 1, 50)
    zeros = np.zeros(50)
    errors = ErrorSample(
        1.0 - 0.5 * distance,
        distance,
        zeros,
        zeros,
        zeros,
        zeros + 1,
        np.arange(50),
        ({"type_usual": 1.0},) * 50,
    )
    calibration = calibrate(errors)
    assert calibration.per_distance == calibration.per_disagreement == 0
    far = ErrorPredictors(9.0, 9.0, 9.0)
    assert calibration.expected(ErrorPredictors(0.0)) == calibration.expected(far)


def test_no_crystal_is_expected_to_be_easier_than_a_tenth_of_the_tested_ones(law):
    calibration = calibrate(law)
    expected = np.array([calibration.expected(law.predictors(row)) for row in range(N)])
    assert calibration.expected(ErrorPredictors(0.0)) == calibration.least == expected.min()
    assert np.mean(expected == calibration.least) == pytest.approx(0.1, abs=0.005)


def test_each_group_is_covered_alike_on_new_crystals(uneven):
    calibration = calibrate(uneven)
    assert calibration.factors["type_hard"] > 1.3
    assert calibration.factors["type_easy"] < 0.8
    new = sample(3, groups=tuple(SCALE))
    widths = np.array(
        [
            calibration.half_width(calibration.expected(new.predictors(row)), groups)
            for row, groups in enumerate(new.groups)
        ]
    )
    covered = new.error <= widths
    assert covered.mean() == pytest.approx(0.9, abs=0.02)
    for name in SCALE:
        chosen = np.array([name in groups for groups in new.groups])
        assert covered[chosen].mean() == pytest.approx(0.9, abs=0.04), name


def test_without_factors_groups_would_be_covered_unequally(uneven):
    calibration = calibrate(uneven)
    expected = [calibration.expected(uneven.predictors(row)) for row in range(N)]
    widths = np.array([calibration.half_width(each) for each in expected])
    covered = uneven.error <= widths
    shares = {name: covered[[name in groups for groups in uneven.groups]].mean() for name in SCALE}
    assert shares["type_easy"] - shares["type_hard"] > 0.1


@pytest.mark.parametrize(("few", "known"), [(19, False), (21, True)])
def test_small_groups_have_almost_the_interval_of_all(few, known):
    factors = calibrate(sample(4, few=few)).factors
    assert ("elements_few" in factors) == known
    assert factors.get("elements_few", 1.0) == pytest.approx(1, abs=0.25)


def test_a_group_moves_less_the_smaller_it_is():
    """By as much as `PRIOR` says, whatever the number of rounds."""
    for size in (20, 40, 200):
        ratios = np.tile(np.random.default_rng(5).normal(scale=0.1, size=size), N // size)
        ratios[:size] += 1.0  # else the groups are equal
        groups = [{f"group_{row // size}": 1.0} for row in range(N)]
        effect = group_effects(ratios, groups)["group_0"]
        assert effect == pytest.approx(size / (size + PRIOR), abs=0.05)


def test_crystals_with_shares_in_two_groups_are_in_between():
    share = np.linspace(0, 1, N)
    ratios = np.random.default_rng(5).normal(size=N) + 2 * share
    groups = [{"ltc_low": 1 - each, "ltc_high": each} for each in share.tolist()]
    effects = group_effects(ratios, groups)
    assert effects["ltc_high"] - effects["ltc_low"] == pytest.approx(2, abs=0.2)
    left = ratios - effects["ltc_high"] * share - effects["ltc_low"] * (1 - share)
    above = left > conformal_quantile(left)
    for part in np.array_split(above, 4):
        assert part.mean() == pytest.approx(0.1, abs=0.03)


def test_the_conformal_quantile_leaves_a_tenth_of_new_values_above():
    rng = np.random.default_rng(6)
    shares = [np.mean(rng.random(200) <= conformal_quantile(rng.random(19))) for _ in range(500)]
    assert np.mean(shares) == pytest.approx(0.905, abs=0.01)
    assert conformal_quantile(np.arange(5.0)) == 4  # too few to leave any above


def test_measured_coverage_and_verdicts(uneven):
    reference = np.ones(N)
    groups = {
        "type_hard": np.array(["type_hard" in names for names in uneven.groups]),
        "type_rare": np.arange(N) < 3,
    }
    values = measure_calibration(reference, uneven, groups, nothing(uneven))
    assert values["coverage"] == pytest.approx(0.9, abs=0.02)
    for verdict, share in (("inside", 0.75), ("edge", 0.2), ("outside", 0.05)):
        assert values[f"share_{verdict}"] == pytest.approx(share, abs=0.02)
        assert values[f"coverage_{verdict}"] == pytest.approx(0.9, abs=0.06)
    assert values["mae_inside"] < values["mae_edge"] < values["mae_outside"]
    assert values["median_ape_outside"] > 1.3 * values["median_ape_inside"]
    assert values["coverage_type_hard"] == pytest.approx(0.9, abs=0.03)
    assert 0.2 < values["error_spearman"] < 1
    assert "coverage_type_rare" not in values
    assert "coverage_phonons_known" not in values


def test_coverage_is_measured_on_crystals_not_calibrated_on(law):
    """Errors without bound in one crystal move its own fold's calibration by nothing."""
    error = law.error.copy()
    error[7] = 1e6
    changed = replace(law, error=error)
    (before, _), (after, _) = (try_calibration(each, nothing(each)) for each in (law, changed))
    assert after.half_width[7] == before.half_width[7]
    assert not after.covered[7]
    assert (after.half_width != before.half_width).any()


def with_known_phonons(errors: ErrorSample, relief: float, every: int = 3) -> ErrorSample:
    """Return some of the crystals with smaller errors, as phonons of them are known."""
    known = np.full(len(errors), 1.0)
    smaller = replace(errors, error=relief * errors.error, phonons_known=known)
    return smaller.chosen(np.arange(len(errors)) % every == 0)


def test_the_expected_error_is_lower_by_as_much_where_phonons_are_known(law):
    calibration = calibrate(law, with_known_phonons(law, 0.7))
    assert calibration.with_phonons == pytest.approx(0.7, rel=0.04)
    plain = calibrate(law)
    assert plain.with_phonons == 1.0
    assert calibration.base == plain.base
    assert calibration.quantile == plain.quantile


def test_crystals_near_one_of_known_phonons_do_not_hide_the_law(law):
    """Half of the errors of the sample are relieved in part themselves."""
    share = np.where(np.arange(N) % 2, 0.5, 0.0)
    mixed = replace(law, error=law.error * 0.7**share, phonons_known=share)
    calibration = calibrate(mixed, with_known_phonons(law, 0.7))
    assert calibration.with_phonons == pytest.approx(0.7, rel=0.04)
    assert calibration.base == pytest.approx(0.1, abs=0.03)
    assert calibration.per_distance == pytest.approx(0.3, abs=0.05)


def test_coverage_where_phonons_are_known_is_measured_on_other_crystals(law):
    known = with_known_phonons(law, 0.7)
    values = measure_calibration(np.ones(N), law, {}, known)
    assert values["share_phonons_known"] == pytest.approx(1 / 3, abs=0.01)
    assert values["coverage_phonons_known"] == pytest.approx(0.9, abs=0.03)
    assert values["half_width_phonons_known"] < 0.8 * values["half_width"]
    error = known.error.copy()
    error[5] = 1e6
    one = try_calibration(law, known)[1], try_calibration(law, replace(known, error=error))[1]
    assert one[0].half_width[5] == one[1].half_width[5]
    assert not one[1].covered[5]


def test_a_member_measures_distance_to_what_it_was_trained_on():
    place = np.array([0.0, 1.0, 5.0, 6.5])
    distances = np.abs(place[:, None] - place).astype(np.float32)
    predictions = held_out(np.full((1, 4), 10.0), [np.array([1, 3])])
    nearest = nearest_distances(predictions, [distances])
    assert nearest[[1, 3]] == pytest.approx([1.0, 1.5])
    assert np.isnan(nearest[[0, 2]]).all()


def test_a_crystal_held_out_from_several_members_is_far_from_what_any_of_them_knows_not():
    """Row 1 is held out from both members: row 2, held out from one, is no neighbor of it."""
    place = np.array([0.0, 1.0, 1.2, 5.0])
    distances = np.abs(place[:, None] - place).astype(np.float32)
    predictions = held_out(np.full((2, 4), 10.0), [np.array([1, 2]), np.array([1])])
    nearest = nearest_distances(predictions, [distances])
    assert nearest[1] == pytest.approx(1.0)
    assert nearest[2] == pytest.approx(1.2)  # member 1 knows neither 1 nor 2
    by_member = nearest_distances(predictions, [distances, 3 * distances])
    assert by_member[1] == pytest.approx(2.0)
    assert by_member[2] == pytest.approx(1.2)
