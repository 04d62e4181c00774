"""What nine members say together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import DamagedEnsemble


@dataclass(frozen=True)
class LtcSummary:
    """Mean, population standard deviation, median and range of the members' LTC, in W/(m K)."""

    mean: float
    std: float
    median: float
    min: float
    max: float
    members: tuple[float, ...]


@dataclass(frozen=True)
class Interval:
    """Where the LTC in W/(m K) lies with the probability `level`."""

    level: float
    lower: float
    upper: float


def summarise(members: NDArray[np.float64]) -> LtcSummary:
    """Return the summary of the members' LTC [n_members] in W/(m K).

    Raises DamagedEnsemble when one is not a finite number.
    """
    if not np.isfinite(members).all():
        raise DamagedEnsemble(
            f"Not every member gave a finite number ({members}); export the ensemble again."
        )
    return LtcSummary(
        mean=float(members.mean()),
        std=float(members.std()),
        median=float(np.median(members)),
        min=float(members.min()),
        max=float(members.max()),
        members=tuple(members.tolist()),
    )
