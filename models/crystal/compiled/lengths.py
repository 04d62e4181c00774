"""Lengths of vectors in fractional coordinates."""

from typing import Any

import numpy as np

from models.compiling.compiler import inner


@inner
def largest_length(vectors: Any, metric: Any) -> Any:
    """Return the length in A of the longest of `vectors` [n, 3]; `metric` [3, 3] is the cell's."""
    largest = 0.0
    for vector in range(len(vectors)):
        square = 0.0
        for a in range(3):
            for b in range(3):
                square += vectors[vector, a] * metric[a, b] * vectors[vector, b]
        largest = max(largest, square)
    return np.sqrt(largest)
