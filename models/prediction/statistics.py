"""Summary statistics over ensemble members."""

import numpy as np
from numpy.typing import NDArray

from models.errors import DamagedEnsemble
from models.prediction.result import Ltc


def summarise(members: NDArray[np.float64]) -> Ltc:
    """Return the summary of the members' LTC [n_members] in W/(m K).

    Raises DamagedEnsemble when one is not a finite number.
    """
    if not np.isfinite(members).all():
        raise DamagedEnsemble(
            f"Not every member gave a finite number ({members}); export the ensemble again."
        )
    return Ltc(
        mean=float(members.mean()),
        std=float(members.std()),
        median=float(np.median(members)),
        min=float(members.min()),
        max=float(members.max()),
        members=tuple(members.tolist()),
    )
