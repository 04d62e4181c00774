"""Mean, spread and intervals on made-up predictions."""

import numpy as np
import pytest

from training.evaluation.spread import ensemble_gain, spread_quality
from training.scoring.held_out import HeldOut
from training.scoring.held_out_errors import bootstrap_intervals
from training.scoring.scores import score

RNG = np.random.default_rng(3)
REFERENCE = 10 ** RNG.normal(1, 0.5, 200)


def predictions(logs, unseen=None):
    ltc = REFERENCE * 10**logs
    return HeldOut(ltc, np.ones(ltc.shape, dtype=bool) if unseen is None else unseen)


def gain_of(found):
    gain = ensemble_gain(REFERENCE, found)
    assert gain is not None
    return gain


def quality_of(found):
    quality = spread_quality(REFERENCE, found)
    assert quality is not None
    return quality


def test_opposite_errors_cancel_in_the_mean_only():
    logs = np.tile([[0.2], [-0.2], [0.2], [-0.2]], (1, len(REFERENCE)))
    gain = gain_of(predictions(logs))
    assert gain.member_mae_log10 == pytest.approx(0.2)
    assert gain.mean_mae_log10 < 0.05
    assert (gain.n_crystals, gain.members_per_crystal) == (200, 4)


def test_equal_members_gain_nothing():
    logs = np.tile(RNG.normal(0, 0.2, len(REFERENCE)), (5, 1))
    gain = gain_of(predictions(logs))
    assert gain.mean_mape == pytest.approx(gain.member_mape)
    assert spread_quality(REFERENCE, predictions(logs)) is None


def test_a_true_spread_ranks_errors_and_covers_them():
    width = 10 ** RNG.uniform(-2, -0.5, len(REFERENCE))
    noise = RNG.normal(0, 1, (40, 200)) + RNG.normal(0, 1, 200)
    quality = quality_of(predictions(width * noise))
    assert quality.spearman > 0.4
    assert quality.within_one == pytest.approx(0.68, abs=0.12)
    assert quality.within_two == pytest.approx(0.95, abs=0.05)
    assert quality.factor_90 == pytest.approx(1.64, abs=0.35)


def test_a_spread_that_knows_nothing_does_not_rank():
    logs = RNG.normal(0, 1, (9, 200)) * RNG.permutation(np.linspace(0.01, 0.3, 200))
    logs += RNG.permutation(np.linspace(-0.5, 0.5, 200))
    assert abs(quality_of(predictions(logs)).spearman) < 0.2


def test_members_that_saw_a_crystal_have_no_say():
    logs = RNG.normal(0, 0.1, (6, 200))
    unseen = np.ones(logs.shape, dtype=bool)
    unseen[3:] = False
    told = ensemble_gain(REFERENCE, predictions(logs, unseen))
    logs[3:] = 2.0
    assert ensemble_gain(REFERENCE, predictions(logs, unseen)) == told
    assert ensemble_gain(REFERENCE, predictions(logs, np.zeros(logs.shape, dtype=bool))) is None


def test_an_interval_holds_the_figure_and_shrinks_with_more_crystals():
    predicted = REFERENCE * 10 ** RNG.normal(0, 0.2, len(REFERENCE))
    few = bootstrap_intervals(REFERENCE[:25], predicted[:25])
    many = bootstrap_intervals(REFERENCE, predicted)
    for name in ("mape", "mae_log10"):
        assert many[name][0] < score(REFERENCE, predicted)[name] < many[name][1]
        assert np.ptp(many[name]) < np.ptp(few[name])
