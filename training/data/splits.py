"""Which crystals a member is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_SPLITS = 9
TRAIN_FRACTION = 0.8
CHOICE_SEED = 1

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row numbers of a data set: `train` is fitted, `inner` chooses, `validation` is reported."""

    train: Rows
    inner: Rows
    validation: Rows

    @property
    def training(self) -> Rows:
        """All rows on the training side: fitted ones and those that choose."""
        return np.concatenate([self.train, self.inner])


def published_split(sizes: tuple[int, ...], seed: int, inner_fraction: float = 0.0) -> Split:
    """Return the paper's split `seed` (1 to 9) of a data set joined from parts of these sizes.

    Each part is permuted by its own `RandomState(seed)` and cut at 80 %, then the parts are joined
    (the published procedure for MIX). The last `inner_fraction` of each part's training rows is
    set aside to choose the epoch on.
    """
    parts = [_split_part(size, seed, inner_fraction) for size in sizes]
    starts = np.cumsum([0, *sizes[:-1]])
    train, inner, validation = (
        np.concatenate([start + rows for start, rows in zip(starts, column, strict=True)])
        for column in zip(*parts, strict=True)
    )
    return Split(train, inner, validation)


def with_unsplit_rows(split: Split, formulas: Sequence[str]) -> Split:
    """Return a split of the first rows with all later ones on the training side.

    But not those of a `formulas` [n_crystals] that the split keeps: another method's label of a
    crystal, or of its polymorph, would all but give the answer away.
    """
    n_split = len(split.training) + len(split.validation)
    held = {formulas[row] for row in split.validation}
    later = [row for row in range(n_split, len(formulas)) if formulas[row] not in held]
    train = np.concatenate([split.train, np.array(later, dtype=np.int64)])
    return Split(train, split.inner, split.validation)


def grouped_split(
    formulas: Sequence[str],
    grouped: Sequence[Sequence[str]],
    seed: int,
    labelled: NDArray[np.bool_] | None = None,
) -> Split:
    """Return split `seed` (1 to 9) of crystals by formula; none is ever on both sides.

    `grouped`: the formulas to split, by data set, the smallest first. `labelled` [n_crystals] is
    true where a crystal has an LTC (default: all have); one without, but with moduli, say, is
    trained on whatever its formula, as MEGNet was on formation energies.

    The formulas are dealt into nine folds, data set by data set, so that each fold has its share of
    the small ones; a member keeps one fold for validation. Before that a fifth of the formulas, the
    CHOICE_SEED's, is set aside: settings were chosen on them, all members are trained on them, and
    no error is reported on them.
    """
    held = set(_dealt(grouped)[seed - 1 :: N_SPLITS])
    unseen = np.array([formula in held for formula in formulas])
    if labelled is not None:
        unseen &= labelled
    return Split(np.flatnonzero(~unseen), np.empty(0, dtype=np.int64), np.flatnonzero(unseen))


def _dealt(grouped: Sequence[Sequence[str]]) -> list[str]:
    """Return the reported formulas in the order they are dealt in."""
    rank = {formula: rank for rank, of_set in reversed([*enumerate(grouped)]) for formula in of_set}
    distinct = sorted(rank)
    order = np.random.RandomState(CHOICE_SEED).permutation(len(distinct))
    reported = [distinct[index] for index in order[: int(TRAIN_FRACTION * len(distinct))]]
    return sorted(reported, key=lambda formula: rank[formula])


def _split_part(size: int, seed: int, inner_fraction: float) -> tuple[Rows, Rows, Rows]:
    order = np.random.RandomState(seed).permutation(size)
    n_train = int(TRAIN_FRACTION * size)
    n_fitted = n_train - round(inner_fraction * n_train)
    return order[:n_fitted], order[n_fitted:n_train], order[n_train:]
