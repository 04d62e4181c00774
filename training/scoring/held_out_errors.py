"""Errors of an ensemble in W/(m K), on crystals held out from training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.manifest import Metrics
from training.config import HELD_OUT
from training.scoring.held_out import HeldOut
from training.scoring.scores import score

Numbers = NDArray[np.float64]
Scores = dict[str, float]


@dataclass(frozen=True)
class HeldOutErrors:
    """Errors of each member on its own validation rows, and of their out-of-fold mean."""

    members: tuple[Scores, ...]
    out_of_fold: Scores
    n_covered: int


def held_out_errors(
    reference: Numbers, predictions: HeldOut, rows: NDArray[np.bool_]
) -> HeldOutErrors:
    """Return the errors on the crystals chosen by `rows` [n_crystals], references in W/(m K)."""
    members = tuple(
        score(reference[unseen & rows], ltc[unseen & rows])
        for ltc, unseen in zip(predictions.ltc, predictions.unseen, strict=True)
    )
    covered = predictions.covered & rows
    out_of_fold = score(reference[covered], predictions.mean()[covered])
    return HeldOutErrors(members, out_of_fold, int(covered.sum()))


def as_metrics(dataset: str, errors: HeldOutErrors) -> tuple[Metrics, Metrics]:
    """Return the records for a manifest: single members, and the out-of-fold mean."""
    table = _over_members(errors.members)
    return (
        Metrics(
            dataset=dataset,
            protocol=HELD_OUT,
            what="each member on its own validation crystals: mean over the members",
            n_crystals=errors.n_covered,
            values={name: float(values.mean()) for name, values in table.items()},
            deviations=_deviations(table),
        ),
        Metrics(
            dataset=dataset,
            protocol=HELD_OUT,
            what="mean of the members that had not seen the crystal",
            n_crystals=errors.n_covered,
            values=errors.out_of_fold,
        ),
    )


def _over_members(scores: Sequence[Scores]) -> dict[str, Numbers]:
    return {name: np.array([member[name] for member in scores]) for name in scores[0]}


def _deviations(table: Mapping[str, Numbers]) -> Scores:
    """Return the standard deviations over the members; of a single one there are none."""
    return {name: float(values.std(ddof=1)) for name, values in table.items() if len(values) > 1}


def bootstrap_intervals(
    reference: Numbers, predicted: Numbers, level: float = 0.95, draws: int = 2000
) -> dict[str, tuple[float, float]]:
    """Return the percentile intervals of `mape` and `mae_log10` over crystals drawn anew.

    It tells how far a figure hangs on these crystals, not on the training (Efron 1979).
    """
    errors = {
        "mape": np.abs(predicted / reference - 1),
        "mae_log10": np.abs(np.log10(predicted / reference)),
    }
    rows = np.random.default_rng(0).integers(len(reference), size=(draws, len(reference)))
    edges = [(1 - level) / 2, (1 + level) / 2]
    bounds = {
        name: np.quantile(values[rows].mean(axis=1), edges) for name, values in errors.items()
    }
    return {name: (float(lower), float(upper)) for name, (lower, upper) in bounds.items()}
