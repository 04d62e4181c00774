"""Coverage of calibrated intervals, measured on crystals that they are not calibrated on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from training.scoring.calibration import LEVEL, ErrorSample, Numbers, calibrate
from training.scoring.scores import score

N_FOLDS = 5
SMALLEST_GROUP = 10  # crystals; the coverage of fewer says nothing
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class TestedCalibration:
    """Results on crystals that were not calibrated on, crystal by crystal."""

    covered: Mask
    expected: Numbers
    half_width: Numbers
    global_half_width: Numbers
    verdict: NDArray[np.str_]


def try_calibration(sample: ErrorSample) -> TestedCalibration:
    """Return the results of calibrations on four fifths for the other fifth, in five turns."""
    fold = np.random.default_rng(0).permutation(len(sample.error)) % N_FOLDS
    expected, width, single = (np.empty(len(fold)) for _ in range(3))
    verdict = np.empty(len(fold), dtype="<U7")
    for number in range(N_FOLDS):
        test, rest = np.flatnonzero(fold == number), sample.chosen(fold != number)
        made = calibrate(rest)
        for row in test.tolist():
            expected[row] = made.expected(sample.predictors(row))
            width[row] = made.half_width(expected[row], sample.groups[row])
            verdict[row] = made.zone(expected[row])
        single[test] = np.quantile(rest.error, LEVEL)
    return TestedCalibration(sample.error <= width, expected, width, single, verdict)


def measure_calibration(
    reference: Numbers, sample: ErrorSample, groups: Mapping[str, Mask]
) -> dict[str, float]:
    """Return the results of calibrations on crystals not calibrated on, over five folds.

    `coverage` of the interval, `half_width` (median, of log10 LTC) and `global_half_width` of one
    interval for all; `error_spearman`: rank correlation of expected and actual error; for each
    verdict the share of crystals, coverage and median relative error; share and coverage of each
    of `groups` [n_crystals].
    """
    tested = try_calibration(sample)
    values = {
        "coverage": float(tested.covered.mean()),
        "half_width": float(np.median(tested.half_width)),
        "global_half_width": float(np.median(tested.global_half_width)),
        "error_spearman": float(spearmanr(tested.expected, sample.error).statistic),
    }
    known = reference[sample.row]
    for name in ("inside", "edge", "outside"):
        chosen = tested.verdict == name
        values[f"share_{name}"] = float(chosen.mean())
        if chosen.any():
            errors = score(known[chosen], sample.predicted[chosen])
            values[f"coverage_{name}"] = float(tested.covered[chosen].mean())
            values[f"median_ape_{name}"] = errors["median_ape"]
            values[f"mae_{name}"] = errors["mae_log10"]
    for name, mask in groups.items():
        chosen = mask[sample.row]
        if chosen.sum() >= SMALLEST_GROUP:
            values[f"share_{name}"] = float(chosen.mean())
            values[f"coverage_{name}"] = float(tested.covered[chosen].mean())
    return values
