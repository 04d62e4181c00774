"""Curves that bring descriptors closer to a normal distribution."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from models.network.standardise import FARTHEST, GRID

LEAST = 5e-4  # share of the crystals below the lowest place, and above the highest
SMALLEST_SCALE = 1e-6

Single = NDArray[np.float32]


def fit_curves(standardised: Single) -> Single:
    """Return the curves [n_descriptors, N_GRID] of descriptors [n_crystals, n_descriptors].

    A curve is the mean of two: the standardised descriptor, and the place of a normal distribution
    that as many crystals are below of. The second draws apart what lies close together, and brings
    in what lies far out.
    """
    return np.stack([_curve(column) for column in standardised.T.astype(float)])


def _curve(values: NDArray[np.float64]) -> Single:
    ordered = np.sort(values)
    below = np.searchsorted(ordered, GRID, "left") + np.searchsorted(ordered, GRID, "right")
    place = ndtri(np.clip(below / (2 * len(values)), LEAST, 1 - LEAST))
    found = np.interp(values, GRID, place)
    normal = (place - found.mean()) / (found.std() + SMALLEST_SCALE)
    normal = np.clip(normal, -FARTHEST, FARTHEST)  # of a descriptor that few crystals have
    curve: Single = ((GRID + normal) / 2).astype(np.float32)
    return curve
