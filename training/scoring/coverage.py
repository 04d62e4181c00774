"""Coverage of calibrated intervals, measured on crystals that they are not calibrated on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from models.prediction.calibration import Calibration
from training.scoring.calibration import LEVEL, ErrorSample, Numbers, calibrate, half_widths
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


def try_calibration(
    sample: ErrorSample, with_phonons: ErrorSample
) -> tuple[TestedCalibration, TestedCalibration]:
    """Return the results of calibrations on four fifths for the other fifth, in five turns.

    Those of the sample, and those as if phonons were known, of some of its crystals.
    """
    folds = np.random.default_rng(0).permutation(len(sample)) % N_FOLDS
    fold_of = dict(zip(sample.row.tolist(), folds.tolist(), strict=True))
    known = np.array([fold_of[row] for row in with_phonons.row.tolist()], dtype=np.int64)
    made = [
        calibrate(sample.chosen(folds != number), with_phonons.chosen(known != number))
        for number in range(N_FOLDS)
    ]
    return _test(made, sample, folds), _test(made, with_phonons, known)


def _test(
    made: Sequence[Calibration], sample: ErrorSample, folds: NDArray[np.int64]
) -> TestedCalibration:
    """Return the results on the crystals of each of the `folds` [n_crystals]."""
    expected, width, single = (np.empty(len(folds)) for _ in range(3))
    verdict = np.empty(len(folds), dtype="<U7")
    for number, calibration in enumerate(made):
        test = folds == number
        rows = np.flatnonzero(test).tolist()
        expected[test] = [calibration.expected(sample.predictors(row)) for row in rows]
        width[test] = half_widths(calibration, sample.chosen(test))
        verdict[test] = [calibration.zone(each) for each in expected[test].tolist()]
        single[test] = np.quantile(sample.error[~test], LEVEL) if test.any() else 0.0
    return TestedCalibration(sample.error <= width, expected, width, single, verdict)


def measure_calibration(
    reference: Numbers,
    sample: ErrorSample,
    groups: Mapping[str, Mask],
    with_phonons: ErrorSample,
) -> dict[str, float]:
    """Return the results of calibrations on crystals not calibrated on, over five folds.

    `coverage` of the interval, `half_width` (median, of log10 LTC) and `global_half_width` of one
    interval for all; `error_spearman`: rank correlation of expected and actual error; for each
    verdict the share of crystals, coverage and median relative error; share and coverage of each
    of `groups` [n_crystals]; share, coverage and half width of crystals as if phonons were known.
    """
    tested, as_if_known = try_calibration(sample, with_phonons)
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
    if with_phonons:
        values["share_phonons_known"] = len(with_phonons) / len(sample)
        values["coverage_phonons_known"] = float(as_if_known.covered.mean())
        values["half_width_phonons_known"] = float(np.median(as_if_known.half_width))
    return values
