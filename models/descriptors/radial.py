"""Radial distributions of neighbors, of unlike and of like ones."""

import numpy as np

from models.crystal.neighbors import Neighbors
from models.descriptors.elements import element_property
from models.smooth import Floats

CENTERS = np.array([0.8, 0.95, 1.1, 1.3, 1.5, 1.75])  # distance over the sum of the radii
RELATIVE_WIDTH = 0.0875
FEWEST = 0.1  # neighbors; keeps logarithms finite
KINDS = ("all", "polar", "like")
NAMES = tuple(f"radial_{kind}_{index}" for kind in KINDS for index in range(len(CENTERS)))


def radial_distributions(neighbors: Neighbors) -> Floats:
    """Return log10 of the numbers of neighbors at scaled distances [len(NAMES)], mean over atoms.

    Of all, weighted by the difference in electronegativity, and of the center's element.
    """
    first, second = neighbors.number[neighbors.center], neighbors.number[neighbors.neighbor]
    radius, negativity = element_property("radius"), element_property("electronegativity")
    scaled = neighbors.distance / (radius[first] + radius[second])
    bins = np.exp(-0.5 * ((scaled[:, None] / CENTERS - 1) / RELATIVE_WIDTH) ** 2)
    polarity = np.abs(negativity[first] - negativity[second])
    kinds = np.stack([np.ones_like(polarity), polarity, first == second])
    weight = neighbors.weight * neighbors.share[neighbors.center]
    counts: Floats = np.log10((kinds * weight) @ bins + FEWEST).ravel()
    return counts
