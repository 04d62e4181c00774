"""Calibration of intervals and verdicts on crystals held out from members."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from models.prediction.calibration import Calibration, ErrorPredictors, zone_shares
from training.scoring.held_out import HeldOut

LEVEL = 0.9
INSIDE, OUTSIDE = 0.75, 0.95  # shares of held-out crystals below the two expected errors
EASIEST = 0.1  # share of held-out crystals that are taken for equally easy
SMALLEST_ERROR = 0.02  # of log10(LTC); no calibration claims to be better than 5 %
SMALLEST_GROUP = 20  # crystals; smaller groups have the interval of all
PRIOR = 5  # crystals that a group's factor of one counts for
ROUNDS = 40
PHONON_ROUNDS = 4  # in which the factor where phonons are known and all else settle

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorSample:
    """For each crystal held out from some member: error of log10(LTC), its predictors, its row.

    `distance`: to the nearest training crystal; `disagreement` of the parts of a member and
    `local_error`, of the references close by, in log10(LTC); `predicted`: LTC in W/(m K);
    `phonons_known`: from 1, where the members know phonons of the crystal, to 0; `groups`: the
    shares of each crystal in groups, by name.
    """

    error: Numbers
    distance: Numbers
    disagreement: Numbers
    local_error: Numbers
    phonons_known: Numbers
    predicted: Numbers
    row: NDArray[np.int64]
    groups: tuple[Mapping[str, float], ...]

    def __len__(self) -> int:
        return len(self.error)

    def chosen(self, mask: NDArray[np.bool_]) -> "ErrorSample":
        """Return those for which `mask` is true."""
        return ErrorSample(
            self.error[mask],
            self.distance[mask],
            self.disagreement[mask],
            self.local_error[mask],
            self.phonons_known[mask],
            self.predicted[mask],
            self.row[mask],
            tuple(self.groups[row] for row in np.flatnonzero(mask)),
        )

    def predictors(self, row: int) -> ErrorPredictors:
        """Return what the error of one of the crystals depends on."""
        return ErrorPredictors(
            float(self.distance[row]),
            float(self.disagreement[row]),
            float(self.local_error[row]),
            float(self.phonons_known[row]),
        )


def nearest_distances(predictions: HeldOut, distances: Sequence[NDArray[np.float32]]) -> Numbers:
    """Return each crystal's distance to the nearest one that members without it know [n_crystals].

    `distances`: [n_crystals, n_crystals] of each member, or of one for all; a crystal's distance is
    the mean over the members that it is held out from. NaN where it is held out from none.
    """
    nearest = np.full(predictions.unseen.shape[1], np.nan)
    for unseen_by in np.unique(predictions.unseen[:, predictions.covered], axis=1).T:
        rows = np.flatnonzero(np.all(unseen_by == predictions.unseen.T, axis=1))
        known = np.flatnonzero(~predictions.unseen[unseen_by].any(axis=0))
        chosen = np.flatnonzero(unseen_by).tolist() if len(distances) > 1 else [0]
        each = [distances[member][np.ix_(rows, known)] for member in chosen]
        nearest[rows] = np.mean(each, axis=0).min(axis=1)
    return nearest


def calibrate(sample: ErrorSample, with_phonons: ErrorSample | None = None) -> Calibration:
    """Return the calibration on these errors.

    The expected error is linear in its predictors, and grows with each; the quantile is that of
    split conformal prediction (Vovk et al. 2005; Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018)),
    with a factor for each group so that each is covered alike. `with_phonons`: errors as if phonons
    of the crystals were known; these have a factor of their expected error, and are covered alike.
    """
    calibration = _calibrate(sample, 1.0)
    if not with_phonons:
        return calibration
    for _ in range(PHONON_ROUNDS):
        widths = half_widths(calibration, with_phonons)
        factor = np.exp(conformal_quantile(_log_ratios(with_phonons.error, widths)))
        calibration = _calibrate(sample, calibration.with_phonons * float(factor))
    return calibration


def half_widths(calibration: Calibration, sample: ErrorSample) -> Numbers:
    """Return the half widths of log10(LTC) [n_crystals] of the intervals."""
    crystals = ((sample.predictors(row), groups) for row, groups in enumerate(sample.groups))
    return np.array(
        [calibration.half_width(calibration.expected(each), groups) for each, groups in crystals]
    )


def _calibrate(sample: ErrorSample, with_phonons: float) -> Calibration:
    """Return the calibration, given its factor where phonons are known."""
    predictors = np.stack([sample.distance, sample.disagreement, sample.local_error], axis=1)
    relief = with_phonons**sample.phonons_known
    base, slopes = linear_error(predictors, sample.error / relief)
    linear = base + predictors @ slopes
    least = max(float(np.quantile(linear, EASIEST)), SMALLEST_ERROR)
    expected = np.maximum(linear, least) * relief
    ratios = _log_ratios(sample.error, expected)
    inside, outside = (float(edge) for edge in np.quantile(expected, (INSIDE, OUTSIDE)))
    zones = [zone_shares(each, inside, outside) for each in expected.tolist()]
    groups = [{**known, **zone} for known, zone in zip(sample.groups, zones, strict=True)]
    effects = group_effects(ratios, groups)
    of_groups = sum(effect * shares_of(name, groups) for name, effect in effects.items())
    return Calibration(
        level=LEVEL,
        base=base,
        per_distance=float(slopes[0]),
        per_disagreement=float(slopes[1]),
        per_local_error=float(slopes[2]),
        least=least,
        with_phonons=with_phonons,
        quantile=float(np.exp(conformal_quantile(ratios - of_groups))),
        factors={name: float(np.exp(effect)) for name, effect in effects.items()},
        inside=inside,
        outside=outside,
    )


def _log_ratios(error: Numbers, expected: Numbers) -> Numbers:
    ratios: Numbers = np.log(np.maximum(error, np.finfo(float).tiny) / expected)
    return ratios


def linear_error(predictors: Numbers, error: Numbers) -> tuple[float, Numbers]:
    """Return base and slopes [n_predictors] of the expected error, fitted by least squares.

    Slopes are not negative, nor is the expected error where each predictor is smallest. In the
    second turn each error counts by what the first one expects, as larger ones scatter more.
    """
    lowest = predictors.min(axis=0)
    design = np.insert(predictors - lowest, 0, 1.0, axis=1)
    first, _ = nnls(design, error)
    weight = 1 / np.maximum(design @ first, SMALLEST_ERROR)
    values, _ = nnls(design * weight[:, None], error * weight)
    slopes: Numbers = values[1:]
    return float(values[0] - lowest @ slopes), slopes


def group_effects(ratios: Numbers, groups: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return for each large group what is added to the quantile of `ratios` [n_crystals].

    `groups`: the shares of each crystal. Group by group, in turns, the quantile of what the other
    groups leave moves towards that of all; a small group moves less, as if `PRIOR` more crystals of
    it were like all. Effects of one kind, such as all structure types, are zero in the mean.
    """
    names = sorted({name for each in groups for name in each})
    shares = {name: shares_of(name, groups) for name in names}
    large = {name: share for name, share in shares.items() if share.sum() >= SMALLEST_GROUP}
    effects = dict.fromkeys(large, 0.0)
    left = ratios.copy()
    for _ in range(ROUNDS):
        for name, share in large.items():
            beyond = conformal_quantile(left, share) - conformal_quantile(left)
            size = float(share.sum())
            step = 0.5 * (size * beyond - PRIOR * effects[name]) / (size + PRIOR)
            effects[name] += step
            left -= step * share
    return _zero_in_mean(effects, large)


def _zero_in_mean(effects: Mapping[str, float], shares: Mapping[str, Numbers]) -> dict[str, float]:
    """Return the effects of groups less the mean over all crystals of those of their kind.

    A kind is what a name begins with: groups of one kind can all move alike, which changes nothing.
    """
    kinds = {name: name.partition("_")[0] for name in effects}
    means: dict[str, float] = defaultdict(float)
    for name, kind in kinds.items():
        means[kind] += float(shares[name].mean()) * effects[name]
    return {name: effect - means[kinds[name]] for name, effect in effects.items()}


def shares_of(name: str, groups: Sequence[Mapping[str, float]]) -> Numbers:
    """Return the share of each crystal [n_crystals] in the group of this name."""
    return np.array([each.get(name, 0.0) for each in groups])


def conformal_quantile(values: Numbers, shares: Numbers | None = None) -> float:
    """Return the value that a new one stays below with probability `LEVEL`.

    `shares` [n]: how much each value counts; all alike where none are given.
    """
    shares = np.ones(len(values)) if shares is None else shares
    size = shares.sum()
    rank = min(1.0, np.ceil((size + 1) * LEVEL) / size)
    order = np.argsort(values)  # np.quantile gives the same in twice the time
    share_below = shares[order].cumsum()
    return float(values[order[np.searchsorted(share_below / share_below[-1], rank)]])
