"""The first shell of neighbors: coordination, lengths, contrast, springs."""

from dataclasses import replace

import numpy as np

from models.crystal.neighbors import Neighbors
from models.descriptors.elements import element_property
from models.descriptors.springs import spring_constants
from models.smooth import Floats, fade, magnitude

SHELL, END = 1.05, 1.45  # of the nearest distance; weights fall to zero between
SMALLEST_CONTRAST = 0.01  # keeps the logarithm of the mass contrast finite
WIDTHS = {  # name of each column: width of its soft extremes
    "log_nearest": 0.03, "coordination": 0.5, "log_length": 0.03, "spread": 0.02,
    "stretch": 0.05, "stretch_spread": 0.02, "polarity": 0.1, "ionicity": 0.05,
    "like_neighbors": 0.1, "log_mass_contrast": 0.2,
    "log_site_spring": 0.05, "log_site_frequency": 0.05, "log_bond_frequency": 0.05,
}  # fmt: skip


def shell_weights(neighbors: Neighbors) -> Floats:
    """Return how much each pair [n_pairs] is of the first shell."""
    scaled = neighbors.distance / neighbors.nearest[neighbors.center]
    return fade(scaled, SHELL, END) * neighbors.weight


def first_shell(neighbors: Neighbors, weights: Floats) -> Neighbors:
    """Return the pairs of the first shell with their weights [n_pairs]."""
    return replace(neighbors, weight=weights).chosen(weights > 0)


def shell_columns(neighbors: Neighbors, mean_mass: float) -> list[Floats]:
    """Return the columns [n_sites] of `WIDTHS` of the first shell; masses in u, lengths in A."""
    first, second = neighbors.number[neighbors.center], neighbors.number[neighbors.neighbor]
    radius, negativity = element_property("radius"), element_property("electronegativity")
    mass = 10 ** element_property("mass")
    distance = neighbors.distance
    stretch = distance / (radius[first] + radius[second])
    polarity = np.abs(negativity[first] - negativity[second])
    spring = spring_constants(neighbors)
    reduced_mass = mass[first] * mass[second] / (mass[first] + mass[second])
    quantities = np.stack(
        [
            *(np.ones_like(distance), distance, distance**2, stretch, stretch**2),
            *(polarity, 1 - np.exp(-(polarity**2) / 4), first == second),  # Pauling's ionicity
            *(np.abs(mass[first] - mass[second]), spring, 0.5 * np.log10(spring / reduced_mass)),
        ]
    )
    count, *sums = neighbors.total((quantities * neighbors.weight).T).T
    length, square, ratio, ratio_square, *contrast, mass_contrast, spring, frequency = sums / count
    site_spring = spring * count
    return [
        *(np.log10(neighbors.nearest), count, np.log10(length)),
        magnitude(square - length**2, 0.05) / length,
        *(ratio, magnitude(ratio_square - ratio**2, 0.02)),
        *contrast,
        np.log10(mass_contrast / mean_mass + SMALLEST_CONTRAST),
        np.log10(site_spring),
        0.5 * np.log10(site_spring / mass[neighbors.number]),
        frequency,
    ]
