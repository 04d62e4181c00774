"""Standardised inputs of Gaussian processes and heads."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FARTHEST = 5.0  # standard deviations; an input beyond counts as this far
N_GRID = 81
GRID = np.linspace(-FARTHEST, FARTHEST, N_GRID)  # standardised values that curves are given at

Single = NDArray[np.float32]


def standardise(values: Single, center: Single, scale: Single) -> Single:
    """Return values [..., n_inputs] in standard deviations, none beyond `FARTHEST`."""
    standardised: Single = np.clip((values - center) / scale, -FARTHEST, FARTHEST)
    return standardised


@dataclass(frozen=True)
class DescriptorScale:
    """What descriptors are mapped by, one by one; arrays of single precision.

    `center`, `scale` [n_descriptors] standardise them; `curves` [n_descriptors, N_GRID] are what
    standardised values on the `GRID` become. Between its points, curves are straight.
    """

    center: Single
    scale: Single
    curves: Single

    def __call__(self, descriptors: Single) -> Single:
        """Return descriptors [..., n_descriptors] mapped by their curves."""
        steps = (descriptors - self.center) * self._steps
        steps += np.float32((N_GRID - 1) / 2)
        np.maximum(np.minimum(steps, N_GRID - 1, out=steps), 0, out=steps)
        before = steps.astype(np.int32)
        steps -= before
        before += self._first
        steps *= self._slopes.take(before, mode="clip")
        steps += self.curves.take(before, mode="clip")
        return steps

    @cached_property
    def _steps(self) -> Single:
        """Steps of the grid that a descriptor's unit is."""
        steps: Single = (N_GRID - 1) / (2 * FARTHEST) / self.scale
        return steps

    @cached_property
    def _slopes(self) -> Single:
        """Differences along the curves [n_descriptors, N_GRID]; the last point has none."""
        return np.diff(self.curves, axis=1, append=self.curves[:, -1:])

    @cached_property
    def _first(self) -> NDArray[np.int32]:
        """Where each curve starts among the numbers of all."""
        return np.arange(0, self.curves.size, N_GRID, dtype=np.int32)
