"""Gain of the ensemble mean over its members, and rank correlation of spread and error."""

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import spearmanr

from training.scoring.held_out import HeldOut

Numbers = NDArray[np.float64]
FEWEST_CRYSTALS = 10
FEWEST_FOR_MEAN = 2
FEWEST_FOR_SPREAD = 3
COVERAGE = 0.9
NO_SPREAD = 1e-9  # of log10 LTC; members that agree better are the same


class EnsembleGain(BaseModel):
    """A single member's errors beside those of the members' mean, on the same crystals."""

    model_config = ConfigDict(frozen=True)

    n_crystals: int
    members_per_crystal: float = Field(description="Mean number of members in a mean")
    member_mape: float
    mean_mape: float
    member_mae_log10: float
    mean_mae_log10: float


class SpreadQuality(BaseModel):
    """Rank correlation of the members' standard deviation of log10 LTC and the mean's error."""

    model_config = ConfigDict(frozen=True)

    n_crystals: int
    members_per_crystal: float
    spearman: float = Field(description="Rank correlation of spread and |log10 error|")
    p_value: float
    within_one: float = Field(description="Fraction of references within one spread; normal: 0.68")
    within_two: float = Field(description="Within two; normal: 0.95")
    factor_90: float = Field(description="Spreads that hold 90 % of the references; normal: 1.64")


def ensemble_gain(reference: Numbers, predictions: HeldOut) -> EnsembleGain | None:
    """Return what averaging gains, on crystals [n] unseen by two members or more; None if few."""
    chosen = predictions.unseen.sum(axis=0) >= FEWEST_FOR_MEAN
    if chosen.sum() < FEWEST_CRYSTALS:
        return None
    counts = predictions.unseen.sum(axis=0)[chosen]
    relative = np.abs(predictions.ltc / reference - 1)
    logs = np.abs(np.log10(predictions.ltc / reference))
    mean = predictions.mean()
    return EnsembleGain(
        n_crystals=int(chosen.sum()),
        members_per_crystal=float(counts.mean()),
        member_mape=float(HeldOut(relative, predictions.unseen).mean()[chosen].mean()),
        mean_mape=float(np.abs(mean / reference - 1)[chosen].mean()),
        member_mae_log10=float(HeldOut(logs, predictions.unseen).mean()[chosen].mean()),
        mean_mae_log10=float(np.abs(np.log10(mean / reference))[chosen].mean()),
    )


def spread_and_error(reference: Numbers, predictions: HeldOut) -> tuple[Numbers, Numbers, Numbers]:
    """Return spread of log10 LTC, signed log10 error of the mean, number of members: [n_chosen].

    The chosen crystals are those that three members or more had not seen.
    """
    counts = predictions.unseen.sum(axis=0)
    chosen = counts >= FEWEST_FOR_SPREAD
    logs = np.where(predictions.unseen, np.log10(predictions.ltc), np.nan)[:, chosen]
    error = np.log10(predictions.mean()[chosen] / reference[chosen])
    return np.nanstd(logs, axis=0, ddof=1), error, counts[chosen].astype(float)


def spread_quality(reference: Numbers, predictions: HeldOut) -> SpreadQuality | None:
    """Return the rank correlation of spread and error; None for too few crystals."""
    spread, error, counts = spread_and_error(reference, predictions)
    if len(error) < FEWEST_CRYSTALS or np.ptp(spread) < NO_SPREAD:
        return None
    ratio = np.abs(error) / np.maximum(spread, NO_SPREAD)
    ranks = spearmanr(spread, np.abs(error))
    return SpreadQuality(
        n_crystals=len(error),
        members_per_crystal=float(counts.mean()),
        spearman=float(ranks.statistic),
        p_value=float(ranks.pvalue),
        within_one=float(np.mean(ratio <= 1)),
        within_two=float(np.mean(ratio <= 2)),  # noqa: PLR2004
        factor_90=float(np.quantile(ratio, COVERAGE)),
    )
