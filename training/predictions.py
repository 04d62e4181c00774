"""What a trained ensemble's members predict for a data set, and which crystals each had not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Predictions `ltc` [n_members, n_crystals] in W/(m K), and `unseen`, of the same shape: true
    where the crystal was kept from the member's training.
    """

    ltc: Numbers
    unseen: NDArray[np.bool_]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """True for crystals [n_crystals] that at least one member had not seen."""
        covered: NDArray[np.bool_] = self.unseen.any(axis=0)
        return covered

    def mean(self) -> Numbers:
        """Return the out-of-fold prediction [n_crystals]: the mean of the members that had not seen
        the crystal, NaN where all had.
        """
        counts = self.unseen.sum(axis=0)
        sums = np.where(self.unseen, self.ltc, 0).sum(axis=0)
        return np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)


def held_out(ltc: Numbers, validation_rows: Sequence[NDArray[np.int64]]) -> HeldOut:
    """Return predictions [n_members, n_crystals] with what each member's validation rows leave unseen."""
    unseen = np.zeros(ltc.shape, dtype=bool)
    for member, rows in enumerate(validation_rows):
        unseen[member, rows] = True
    return HeldOut(ltc, unseen)
