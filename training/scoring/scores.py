"""Errors of predicted LTC against references, both in W/(m K)."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from models.errors import DataError

Numbers = NDArray[np.float64]
# Titles of the errors in tables, by their names.
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "mape": "MAPE",
        "median_ape": "median APE",
        "mae_log10": "MAE(log10)",
        "spearman": "Spearman",
        "within_factor_2": "within factor 2",
        "sre": "SRE",
    }
)
WORST_SRE = 2.0  # the bound that the symmetric relative error tends to


def score(reference: Numbers, predicted: Numbers) -> dict[str, float]:
    """Return the errors of the predictions by name.

    `mape` and `median_ape`: absolute error as a fraction of the reference. `mae_log10`: of
    log10(LTC). `spearman`: rank correlation. `within_factor_2`: fraction between half and twice the
    reference. `sre`: symmetric relative error |2 (p - r) / (p + r)|, as kappa_103 is scored.
    `failures`: number of predictions that are no positive number; each counts as the worst of the
    others, as 2 in the SRE, as outside the factor of 2, and ranks last. Raises DataError when a
    reference is not a positive number, or there is none.
    """
    if not len(reference) or not np.all(np.isfinite(reference) & (reference > 0)):
        raise DataError("References must be positive numbers, and at least one.")
    valid = np.isfinite(predicted) & (predicted > 0)
    usable = np.where(valid, predicted, 1.0)
    relative = _with_failures(np.abs(usable - reference) / reference, valid)
    logarithmic = _with_failures(np.abs(np.log10(usable / reference)), valid)
    symmetric = np.where(valid, np.abs(2 * (usable - reference) / (usable + reference)), WORST_SRE)
    return {
        "mape": float(relative.mean()),
        "median_ape": float(np.median(relative)),
        "mae_log10": float(logarithmic.mean()),
        "spearman": _rank_correlation(reference, np.where(valid, predicted, 0.0)),
        "within_factor_2": float(np.mean(valid & (logarithmic <= np.log10(2)))),
        "sre": float(symmetric.mean()),
        "failures": float(np.sum(~valid)),
    }


def _with_failures(errors: Numbers, valid: NDArray[np.bool_]) -> Numbers:
    worst = errors[valid].max(initial=0.0) if valid.any() else np.inf
    return np.where(valid, errors, worst)


def _rank_correlation(reference: Numbers, predicted: Numbers) -> float:
    if np.ptp(predicted) == 0 or np.ptp(reference) == 0:
        return 0.0  # a constant ranks nothing
    return float(spearmanr(reference, predicted).statistic)
