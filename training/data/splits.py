"""Splits: the crystals a member is trained on and those held out from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_SPLITS = 9
TRAIN_FRACTION = 0.8

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


@dataclass(frozen=True)
class Deal:
    """Formulas in the order they are dealt into nine folds, and those set aside for choices."""

    formulas: tuple[str, ...]
    set_aside: frozenset[str]

    @classmethod
    def of(cls, grouped: Sequence[Sequence[str]], set_aside: float, choice_seed: int) -> "Deal":
        """Return the deal of `grouped` formulas, by data set, the smallest first.

        Each fold has its share of the small sets. Before that, a share `set_aside` is drawn with
        `choice_seed`, which is in no fold.
        """
        ranks = reversed([*enumerate(grouped)])
        rank = {formula: rank for rank, of_set in ranks for formula in of_set}
        distinct = sorted(rank)
        order = np.random.RandomState(choice_seed).permutation(len(distinct))
        reported = [distinct[index] for index in order[: int((1 - set_aside) * len(distinct))]]
        dealt = tuple(sorted(reported, key=lambda formula: rank[formula]))
        return cls(dealt, frozenset(distinct) - frozenset(dealt))

    def fold(self, number: int) -> set[str]:
        """Return the formulas of fold `number`, 1 to 9."""
        return set(self.formulas[number - 1 :: N_SPLITS])


def grouped_split(
    formulas: Sequence[str], deal: Deal, number: int, guarded: NDArray[np.bool_] | None = None
) -> Split:
    """Return split `number` (1 to 9) of crystals by formula; none is ever on both sides.

    `guarded` [n_crystals] is false for crystals that are trained on whatever their formula: those
    of moduli, as MEGNet was trained on formation energies (default: true for all).
    """
    held = deal.fold(number)
    unseen = np.array([formula in held for formula in formulas])
    if guarded is not None:
        unseen &= guarded
    return Split(np.flatnonzero(~unseen), np.empty(0, dtype=np.int64), np.flatnonzero(unseen))


def _split_part(size: int, seed: int, inner_fraction: float) -> tuple[Rows, Rows, Rows]:
    order = np.random.RandomState(seed).permutation(size)
    n_train = int(TRAIN_FRACTION * size)
    n_fitted = n_train - round(inner_fraction * n_train)
    return order[:n_fitted], order[n_fitted:n_train], order[n_train:]
