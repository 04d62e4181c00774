"""Smooth steps and magnitudes."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def fade(value: Floats, start: float, end: float) -> Floats:
    """Return 1 up to `start`, 0 from `end`, and between a step with two continuous derivatives."""
    t = np.clip((value - start) / (end - start), 0.0, 1.0)
    faded: Floats = 1 - t * t * t * (10 - 15 * t + 6 * t * t)
    return faded


def magnitude(square: Floats, noise: float | Floats) -> Floats:
    """Return the square root of `square`, flat near zero: values far below `noise` give about 0."""
    root: Floats = np.sqrt(np.maximum(square, 0.0) + noise * noise) - noise
    return root
