"""LTC in W/(m K) <-> the standardised target the network is trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOWEST_LTC = 0.01  # W/(m K); predictions end here: no crystal conducts less at 300 K


@dataclass(frozen=True)
class TargetTransform:
    """log10(LTC + `offset`), less `mean`, over `std`.

    The offset is 1 in the paper (Klochko et al., arXiv 2411.18259); 0 weighs relative errors alike
    at all LTC.
    """

    mean: float
    std: float
    offset: float = 1.0

    @classmethod
    def fit(cls, ltc: ArrayLike, offset: float = 1.0) -> Self:
        """Return the transform with the mean and population standard deviation of these LTC."""
        logs = np.log10(np.asarray(ltc, dtype=float) + offset)
        return cls(mean=float(logs.mean()), std=float(logs.std()), offset=offset)

    def encode(self, ltc: ArrayLike) -> NDArray[np.float64]:
        """Return standardised targets for LTC in W/(m K)."""
        logs: NDArray[np.float64] = np.log10(np.asarray(ltc, dtype=float) + self.offset)
        return (logs - self.mean) / self.std

    def decode(self, target: ArrayLike) -> NDArray[np.float64]:
        """Return LTC in W/(m K), at least 0.01, for standardised targets."""
        logs = np.asarray(target, dtype=float) * self.std + self.mean
        ltc: NDArray[np.float64] = np.maximum(10**logs - self.offset, LOWEST_LTC)
        return ltc


class OutputTransforms:
    """The transforms of all members and outputs, to decode all targets at once.

    `transforms`: of each output, by member.
    """

    def __init__(self, transforms: Sequence[Sequence[TargetTransform]]) -> None:
        self._mean, self._std, self._offset = (
            np.array([[getattr(each, name) for each in own] for own in transforms], dtype=float)
            for name in ("mean", "std", "offset")
        )

    def decode(self, targets: ArrayLike) -> NDArray[np.float64]:
        """Return quantities in their units for targets [n_crystals, n_members, n_outputs]."""
        logs = np.asarray(targets, dtype=float) * self._std + self._mean
        quantities: NDArray[np.float64] = np.maximum(10**logs - self._offset, LOWEST_LTC)
        return quantities


def decode_members(
    transforms: Sequence[TargetTransform], targets: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return LTC in W/(m K), row by row, of standardised targets [n_members, n_crystals]."""
    return np.stack(
        [transform.decode(row) for transform, row in zip(transforms, targets, strict=True)]
    )
