"""Standardised inputs of Gaussian processes and heads."""

import numpy as np
from numpy.typing import NDArray

FARTHEST = 5.0  # standard deviations; an input beyond counts as this far

Single = NDArray[np.float32]


def standardise(values: Single, center: Single, scale: Single) -> Single:
    """Return values [..., n_inputs] in standard deviations, none beyond `FARTHEST`."""
    standardised: Single = np.clip((values - center) / scale, -FARTHEST, FARTHEST)
    return standardised
