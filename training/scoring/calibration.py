"""Calibration of intervals and verdicts on crystals held out from members."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from models.prediction.calibration import Calibration
from training.scoring.held_out import HeldOut

LEVEL = 0.9
INSIDE, OUTSIDE = 0.75, 0.95  # shares of held-out crystals below the two expected errors
EASIEST = 0.1  # share of held-out crystals that are taken for equally easy
SMALLEST_ERROR = 0.02  # of log10(LTC); no calibration claims to be better than 5 %
SMALLEST_GROUP = 30  # crystals; smaller groups have the interval of all
PRIOR = 25  # crystals that a group's factor of one counts for
ROUNDS = 40

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ErrorSample:
    """For each crystal held out from some member: error of log10(LTC), its predictors, its row.

    `distance`: to the nearest training crystal; `disagreement`: of a member's heads, in
    log10(LTC); `predicted`: LTC in W/(m K); `groups`: names of the groups of each crystal.
    """

    error: Numbers
    distance: Numbers
    disagreement: Numbers
    predicted: Numbers
    row: NDArray[np.int64]
    groups: tuple[tuple[str, ...], ...]

    def chosen(self, mask: NDArray[np.bool_]) -> "ErrorSample":
        """Return those for which `mask` is true."""
        return ErrorSample(
            self.error[mask],
            self.distance[mask],
            self.disagreement[mask],
            self.predicted[mask],
            self.row[mask],
            tuple(self.groups[row] for row in np.flatnonzero(mask)),
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


def calibrate(sample: ErrorSample) -> Calibration:
    """Return the calibration on these errors.

    The expected error is linear in distance and disagreement, and grows with both; the quantile is
    that of split conformal prediction (Vovk et al. 2005; Lei et al., J. Am. Stat. Assoc. 113, 1094
    (2018)), with a factor for each group so that each is covered alike.
    """
    predictors = np.stack(
        [np.ones(len(sample.error)), sample.distance, sample.disagreement], axis=1
    )
    (base, per_distance, per_disagreement), _ = nnls(predictors, sample.error)
    base = max(float(base), SMALLEST_ERROR)
    linear = base + per_distance * sample.distance + per_disagreement * sample.disagreement
    least = float(np.quantile(linear, EASIEST))
    expected = np.maximum(linear, least)
    ratios = np.log(np.maximum(sample.error, np.finfo(float).tiny) / expected)
    effects = group_effects(ratios, sample.groups)
    of_groups = np.array([sum(effects.get(name, 0.0) for name in names) for names in sample.groups])
    inside, outside = np.quantile(expected, (INSIDE, OUTSIDE))
    return Calibration(
        level=LEVEL,
        base=base,
        per_distance=float(per_distance),
        per_disagreement=float(per_disagreement),
        least=least,
        quantile=float(np.exp(conformal_quantile(ratios - of_groups))),
        factors={name: float(np.exp(effect)) for name, effect in effects.items()},
        inside=float(inside),
        outside=float(outside),
    )


def group_effects(ratios: Numbers, groups: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return for each large group what is added to the quantile of `ratios` [n_crystals].

    Group by group, in turns, the quantile of what the other groups leave moves towards that of
    all; a small group moves less, as if `PRIOR` more crystals of it were like all.
    """
    names = sorted({name for each in groups for name in each})
    masks = {name: np.array([name in each for each in groups]) for name in names}
    masks = {name: mask for name, mask in masks.items() if mask.sum() >= SMALLEST_GROUP}
    weights = {name: mask.sum() / (mask.sum() + PRIOR) for name, mask in masks.items()}
    effects = dict.fromkeys(masks, 0.0)
    left = ratios.copy()
    for _ in range(ROUNDS):
        usual = conformal_quantile(left)
        for name, mask in masks.items():
            own = conformal_quantile(left[mask] + effects[name]) - usual
            step = 0.5 * (weights[name] * own - effects[name])
            effects[name] += step
            left[mask] -= step
    return effects


def conformal_quantile(values: Numbers) -> float:
    """Return the value that a new one stays below with probability `LEVEL`."""
    rank = min(1.0, np.ceil((len(values) + 1) * LEVEL) / len(values))
    return float(np.quantile(values, rank))
