"""Summary statistics over ensemble members."""

import numpy as np
from numpy.typing import NDArray

from models.errors import DamagedEnsemble
from models.prediction.result import Ltc


def summarise(ltc: NDArray[np.float64]) -> list[Ltc]:
    """Return the summary of the members' LTC for each crystal.

    `ltc` [n_crystals, n_members] in W/(m K). Raises DamagedEnsemble when one is not a finite
    number.
    """
    if not np.isfinite(ltc).all():
        members = ltc[~np.isfinite(ltc).all(axis=1)][0]
        raise DamagedEnsemble(
            f"Not every member gave a finite number ({members}); export the ensemble again."
        )
    columns = (
        ltc.mean(axis=1),
        ltc.std(axis=1),
        np.median(ltc, axis=1),
        ltc.min(axis=1),
        ltc.max(axis=1),
    )
    return [
        Ltc(mean=mean, std=std, median=median, min=least, max=most, members=tuple(members))
        for mean, std, median, least, most, members in zip(
            *(column.tolist() for column in columns), ltc.tolist(), strict=True
        )
    ]
