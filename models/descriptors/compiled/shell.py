"""The first shell of neighbors: coordination, lengths, contrast, springs."""

import math
from typing import Any

import numpy as np

from models.compiling.compiler import entry, inner
from models.crystal.neighbors import Neighbors
from models.descriptors.compiled.pairs import magnitude
from models.descriptors.compiled.springs import spring_constant
from models.smooth import Floats, fade

SHELL, END = 1.05, 1.45  # of the nearest distance; weights fall to zero between
SMALLEST_CONTRAST = 0.01  # keeps the logarithm of the mass contrast finite
WIDTHS = {  # name of each column: width of its soft extremes
    "log_nearest": 0.03, "coordination": 0.5, "log_length": 0.03, "spread": 0.02,
    "stretch": 0.05, "stretch_spread": 0.02, "polarity": 0.1, "ionicity": 0.05,
    "like_neighbors": 0.1, "log_mass_contrast": 0.2,
    "log_site_spring": 0.05, "log_site_frequency": 0.05, "log_bond_frequency": 0.05,
}  # fmt: skip
N_COLUMNS = len(WIDTHS)
N_SUMS = 11
COUNT, LENGTH, SQUARE, RATIO, RATIO_SQUARE, POLARITY, IONICITY, LIKE, CONTRAST, SPRING, LOG = range(
    N_SUMS
)


def shell_weights(neighbors: Neighbors) -> Floats:
    """Return how much each pair [n_pairs] is of the first shell."""
    scaled = neighbors.distance / neighbors.nearest[neighbors.center]
    return fade(scaled, SHELL, END) * neighbors.weight


@entry
def shell_columns(pairs: Any, elements: Any, weights: Any, mean_mass: Any) -> Any:
    """Return the columns [n_sites, n_columns] of `WIDTHS`; masses in u, lengths in A.

    `weights` [n_pairs]: how much each pair is of the first shell.
    """
    columns, sums = np.empty((len(pairs.number), N_COLUMNS)), np.empty(N_SUMS)
    for site in range(len(columns)):
        _sum_shell(pairs, elements, weights, site, sums)
        count = sums[COUNT]
        length, ratio = sums[LENGTH] / count, sums[RATIO] / count
        column = columns[site]
        column[0] = math.log10(pairs.nearest[site])
        column[1] = count
        column[2] = math.log10(length)
        column[3] = magnitude(sums[SQUARE] / count - length**2, 0.05) / length
        column[4] = ratio
        column[5] = magnitude(sums[RATIO_SQUARE] / count - ratio**2, 0.02)
        column[6] = sums[POLARITY] / count
        column[7] = sums[IONICITY] / count
        column[8] = sums[LIKE] / count
        column[9] = math.log10(sums[CONTRAST] / count / mean_mass + SMALLEST_CONTRAST)
        column[10] = math.log10(sums[SPRING])
        column[11] = 0.5 * math.log10(sums[SPRING] / elements.mass[pairs.number[site]])
        column[12] = sums[LOG] / count
    return columns


@inner
def _sum_shell(pairs: Any, elements: Any, weights: Any, site: Any, sums: Any) -> None:
    """Write the sums over a site's first shell."""
    sums[:] = 0.0
    first = pairs.number[site]
    for pair in range(pairs.first[site], pairs.first[site + 1]):
        weight = weights[pair]
        if weight <= 0:
            continue
        second, length = pairs.number[pairs.neighbor[pair]], pairs.distance[pair]
        stretch = length / (elements.radius[first] + elements.radius[second])
        polarity = abs(elements.negativity[first] - elements.negativity[second])
        heavy, light = elements.mass[first], elements.mass[second]
        spring = spring_constant(elements.negativity[first], elements.negativity[second], length)
        sums[COUNT] += weight
        sums[LENGTH] += weight * length
        sums[SQUARE] += weight * length**2
        sums[RATIO] += weight * stretch
        sums[RATIO_SQUARE] += weight * stretch**2
        sums[POLARITY] += weight * polarity
        sums[IONICITY] += weight * (1 - math.exp(-(polarity**2) / 4))  # Pauling's
        sums[LIKE] += weight * (first == second)
        sums[CONTRAST] += weight * abs(heavy - light)
        sums[SPRING] += weight * spring
        sums[LOG] += weight * 0.5 * math.log10(spring * (heavy + light) / (heavy * light))
