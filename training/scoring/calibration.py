"""Calibration of intervals and domain on errors for held-out crystals."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from models.prediction.evidence import Calibration
from training.scoring.held_out import HeldOut
from training.scoring.scores import score

LEVEL = 0.9
INSIDE, OUTSIDE = 0.75, 0.95  # shares of unseen crystals below the two expected errors
EASIEST = 0.1  # share of unseen crystals that are taken for equally easy
SMALLEST_ERROR = 0.02  # of log10(LTC); no calibration claims to be better than 5 %
N_FOLDS = 5
SMALLEST_GROUP = 10  # crystals; the coverage of fewer says nothing

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class UnseenErrors:
    """Error of log10(LTC) of each held-out crystal, its predictors, its row.

    `distance`: to the nearest training crystal, in standard deviations of the embedding;
    `disagreement`: standard deviation of log10(LTC) over a member's Gaussian processes.
    """

    error: Numbers
    distance: Numbers
    disagreement: Numbers
    row: NDArray[np.int64]

    def chosen(self, mask: NDArray[np.bool_]) -> "UnseenErrors":
        """Return those for which `mask` is true."""
        return UnseenErrors(
            self.error[mask], self.distance[mask], self.disagreement[mask], self.row[mask]
        )


def unseen_errors(
    reference: Numbers,
    predictions: HeldOut,
    embeddings: NDArray[np.float32],
    disagreement: Numbers,
) -> UnseenErrors:
    """Return errors of the out-of-fold means against references [n_crystals] in W/(m K).

    The distance is that to the nearest crystal which all members that had not seen this one were
    trained on, as their mean; embeddings [n_crystals, n_members, width] are already scaled. The
    `disagreement` [n_crystals, n_members] is their mean, too.
    """
    distance = np.full(len(reference), np.nan)
    for unseen_by in np.unique(predictions.unseen[:, predictions.covered], axis=1).T:
        rows = np.all(unseen_by == predictions.unseen.T, axis=1)
        known = ~predictions.unseen[unseen_by].any(axis=0)
        members = np.flatnonzero(unseen_by)
        each = [_distances(embeddings[rows, m], embeddings[known, m]) for m in members]
        distance[rows] = np.mean(each, axis=0).min(axis=1)
    rows = np.flatnonzero(predictions.covered)
    errors = np.abs(np.log10(predictions.mean()[rows] / reference[rows]))
    disagreements = HeldOut(disagreement.T, predictions.unseen).mean()
    return UnseenErrors(errors, distance[rows], disagreements[rows], rows)


def _distances(points: NDArray[np.float32], others: NDArray[np.float32]) -> Numbers:
    """Return root mean square differences [n_points, n_others]."""
    first, second = points.astype(float), others.astype(float)
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    distances: Numbers = np.sqrt(np.maximum(squares, 0) / points.shape[1])
    return distances


def calibrate(errors: UnseenErrors) -> Calibration:
    """Return the calibration on these errors.

    The expected error is linear in distance and disagreement, and grows with both; the quantile is
    that of split conformal prediction (Vovk et al. 2005; Lei et al., J. Am. Stat. Assoc. 113, 1094
    (2018)).
    """
    ones = np.full(len(errors.error), 1.0)
    predictors = np.stack([ones, errors.distance, errors.disagreement], axis=1)
    (base, per_distance, per_disagreement), _ = nnls(predictors, errors.error)
    base = max(float(base), SMALLEST_ERROR)
    linear = base + per_distance * errors.distance + per_disagreement * errors.disagreement
    least = float(np.quantile(linear, EASIEST))
    expected = np.maximum(linear, least)
    ratios = errors.error / expected
    rank = min(1.0, np.ceil((len(ratios) + 1) * LEVEL) / len(ratios))
    inside, outside = np.quantile(expected, (INSIDE, OUTSIDE))
    return Calibration(
        level=LEVEL,
        base=base,
        per_distance=float(per_distance),
        per_disagreement=float(per_disagreement),
        least=least,
        quantile=float(np.quantile(ratios, rank)),
        inside=float(inside),
        outside=float(outside),
        usual_distance=float(np.quantile(errors.distance, INSIDE)),
        usual_disagreement=float(np.quantile(errors.disagreement, INSIDE)),
    )


@dataclass(frozen=True)
class TestedCalibration:
    """Cross-validated calibrations, crystal by crystal."""

    covered: NDArray[np.bool_]
    half_width: Numbers
    global_half_width: Numbers
    verdict: NDArray[np.str_]


def try_calibration(errors: UnseenErrors) -> TestedCalibration:
    """Return what calibrations on four fifths of the crystals say of the others, in five turns."""
    fold = np.random.default_rng(0).permutation(len(errors.error)) % N_FOLDS
    width, single = np.empty(len(fold)), np.empty(len(fold))
    verdict = np.empty(len(fold), dtype="<U7")
    for number in range(N_FOLDS):
        test, rest = fold == number, errors.chosen(fold != number)
        made = calibrate(rest)
        pairs = zip(errors.distance[test], errors.disagreement[test], strict=True)
        expected = [made.expected(*pair) for pair in pairs]
        width[test] = [made.half_width(value) for value in expected]
        verdict[test] = [made.zone(value) for value in expected]
        single[test] = np.quantile(rest.error, LEVEL)
    return TestedCalibration(errors.error <= width, width, single, verdict)


def measure_calibration(
    reference: Numbers, predictions: HeldOut, errors: UnseenErrors, groups: Mapping[str, Mask]
) -> dict[str, float]:
    """Return how a calibration does on crystals it was not made on, over five folds.

    `coverage` of the interval, `half_width` (median, of log10 LTC) and `global_half_width` of one
    interval for all; for each verdict the share of crystals, coverage and median relative error;
    share and coverage of each of `groups` [n_crystals].
    """
    tested = try_calibration(errors)
    values = {
        "coverage": float(tested.covered.mean()),
        "half_width": float(np.median(tested.half_width)),
        "global_half_width": float(np.median(tested.global_half_width)),
    }
    mean, known = predictions.mean()[errors.row], reference[errors.row]
    for name in ("inside", "edge", "outside"):
        chosen = tested.verdict == name
        values[f"share_{name}"] = float(chosen.mean())
        if chosen.any():
            values[f"coverage_{name}"] = float(tested.covered[chosen].mean())
            values[f"median_ape_{name}"] = score(known[chosen], mean[chosen])["median_ape"]
    for name, mask in groups.items():
        chosen = mask[errors.row]
        if chosen.sum() >= SMALLEST_GROUP:
            values[f"share_{name}"] = float(chosen.mean())
            values[f"coverage_{name}"] = float(tested.covered[chosen].mean())
    return values
