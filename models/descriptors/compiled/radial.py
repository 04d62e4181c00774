"""Radial distributions of neighbors, of unlike and of like ones."""

import math
from typing import Any

import numpy as np

from models.compiling.compiler import entry

CENTERS = np.array([0.8, 0.95, 1.1, 1.3, 1.5, 1.75])  # distance over the sum of the radii
RELATIVE_WIDTH = 0.0875
FEWEST = 0.1  # neighbors; keeps logarithms finite
KINDS = ("all", "polar", "like")
NAMES = tuple(f"radial_{kind}_{index}" for kind in KINDS for index in range(len(CENTERS)))


@entry
def radial_distributions(pairs: Any, elements: Any) -> Any:
    """Return log10 of the numbers of neighbors at scaled distances [len(NAMES)], mean over atoms.

    Of all, weighted by the difference in electronegativity, and of the center's element.
    """
    n_bins = len(CENTERS)
    counts = np.zeros((3, n_bins))
    for site in range(len(pairs.number)):
        first = pairs.number[site]
        for pair in range(pairs.first[site], pairs.first[site + 1]):
            second = pairs.number[pairs.neighbor[pair]]
            scaled = pairs.distance[pair] / (elements.radius[first] + elements.radius[second])
            polarity = abs(elements.negativity[first] - elements.negativity[second])
            weight = pairs.weight[pair] * pairs.share[site]
            for index in range(n_bins):
                off = (scaled / CENTERS[index] - 1) / RELATIVE_WIDTH
                part = weight * math.exp(-0.5 * off**2)
                counts[0, index] += part
                counts[1, index] += polarity * part
                if first == second:
                    counts[2, index] += part
    return np.log10(counts + FEWEST).ravel()
