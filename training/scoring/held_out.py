"""Members' predictions for a data set, with the crystals held out from each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Predictions and what they were made without.

    `ltc` [n_members, n_crystals] in W/(m K); `unseen`, of the same shape, is true where the crystal
    was kept from the member's training.
    """

    ltc: Numbers
    unseen: NDArray[np.bool_]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """True for crystals [n_crystals] that at least one member had not seen."""
        covered: NDArray[np.bool_] = np.any(self.unseen, axis=0)
        return covered

    def mean(self) -> Numbers:
        """Return the out-of-fold prediction [n_crystals].

        It is the mean of the members that had not seen the crystal, NaN where all had.
        """
        counts = self.unseen.sum(axis=0)
        means = np.full(len(counts), np.nan)
        np.divide(np.where(self.unseen, self.ltc, 0).sum(axis=0), counts, means, where=counts > 0)
        return means


def held_out(ltc: Numbers, validation_rows: Sequence[NDArray[np.int64]]) -> HeldOut:
    """Return predictions [n_members, n_crystals] with what validation rows leave unseen."""
    unseen = np.zeros(ltc.shape, dtype=bool)
    for member, rows in enumerate(validation_rows):
        unseen[member, rows] = True
    return HeldOut(ltc, unseen)
