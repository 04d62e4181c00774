"""Intervals and domain, calibrated on the errors of members on crystals they had not seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evidence import Calibration
from training.metrics import score
from training.predictions import HeldOut

LEVEL = 0.9
INSIDE, OUTSIDE = 0.75, 0.95  # shares of unseen crystals within the two distances
SMALLEST_ERROR = 0.02  # of log10(LTC); no calibration claims to be better than 5 %
N_FOLDS = 5

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class UnseenErrors:
    """For each crystal some member had not seen: error of log10(LTC), distance, row number."""

    error: Numbers
    distance: Numbers
    row: NDArray[np.int64]


def unseen_errors(
    reference: Numbers, predictions: HeldOut, embeddings: NDArray[np.float32]
) -> UnseenErrors:
    """Return errors of the out-of-fold means against references [n_crystals] in W/(m K).

    The distance is that to the nearest crystal which all members that had not seen this one were
    trained on, as their mean; embeddings [n_crystals, n_members, width] are already scaled.
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
    return UnseenErrors(errors, distance[rows], rows)


def _distances(points: NDArray[np.float32], others: NDArray[np.float32]) -> Numbers:
    """Return root mean square differences [n_points, n_others]."""
    first, second = points.astype(float), others.astype(float)
    squares = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    distances: Numbers = np.sqrt(np.maximum(squares, 0) / points.shape[1])
    return distances


def calibrate(error: Numbers, distance: Numbers) -> Calibration:
    """Return the calibration on these errors of log10(LTC) and distances, both [n_crystals].

    The expected error is a straight line in the distance; the quantile is that of split conformal
    prediction (Vovk et al. 2005; Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018)).
    """
    slope, base = np.polyfit(distance, error, 1)
    if slope < 0:
        slope, base = 0.0, float(error.mean())
    base = max(float(base), SMALLEST_ERROR)
    ratios = error / (base + slope * distance)
    rank = min(1.0, np.ceil((len(ratios) + 1) * LEVEL) / len(ratios))
    inside, outside = np.quantile(distance, (INSIDE, OUTSIDE))
    return Calibration(
        level=LEVEL,
        base=base,
        slope=float(slope),
        quantile=float(np.quantile(ratios, rank)),
        inside=float(inside),
        outside=float(outside),
    )


def measure_calibration(
    reference: Numbers, predictions: HeldOut, errors: UnseenErrors
) -> dict[str, float]:
    """Return how a calibration does on crystals it was not made on, over five folds.

    `coverage` of the interval, `half_width` (median, of log10 LTC) and `global_half_width` of one
    interval for all; for each verdict the share of crystals, coverage and median relative error.
    """
    fold = np.random.default_rng(0).permutation(len(errors.error)) % N_FOLDS
    width, single = np.empty(len(fold)), np.empty(len(fold))
    verdict = np.empty(len(fold), dtype=object)
    for number in range(N_FOLDS):
        test, rest = fold == number, fold != number
        made = calibrate(errors.error[rest], errors.distance[rest])
        width[test] = [made.half_width(distance) for distance in errors.distance[test]]
        verdict[test] = [made.zone(distance) for distance in errors.distance[test]]
        single[test] = np.quantile(errors.error[rest], LEVEL)
    covered = errors.error <= width
    values = {
        "coverage": float(covered.mean()),
        "half_width": float(np.median(width)),
        "global_half_width": float(np.median(single)),
    }
    mean, known = predictions.mean()[errors.row], reference[errors.row]
    for name in ("inside", "edge", "outside"):
        chosen = verdict == name
        values[f"share_{name}"] = float(chosen.mean())
        if chosen.any():
            values[f"coverage_{name}"] = float(covered[chosen].mean())
            values[f"median_ape_{name}"] = score(known[chosen], mean[chosen])["median_ape"]
    return values
