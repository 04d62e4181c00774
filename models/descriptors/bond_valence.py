"""How the bonds about an atom share its valence: strong or weak, even or to one side.

An atom whose bonds are weak or lie to one side moves far, and its forces are not harmonic. The
strength of a bond falls off exponentially with its length, by the constant that is common to
nearly all bonds: Brese and O'Keeffe, Acta Cryst. B 47, 192 (1991).
"""

import numpy as np
from numpy.typing import NDArray

from models.crystal.neighbors import Neighbors
from models.descriptors.elements import element_property

NAMES = (
    *("log_valence_mean", "log_valence_min", "log_valence_max", "log_valence_std"),
    *("log_polar_valence_mean", "log_polar_valence_min", "one_sided_mean", "one_sided_max"),
    *("concentration_mean", "concentration_min", "concentration_max"),
    *("log_saturation_min", "log_saturation_max"),
)
SOFTNESS = 0.37  # A
SMALLEST_POLAR_VALENCE = 0.01  # keeps the logarithm finite where all atoms are alike

Floats = NDArray[np.float64]


def describe_bond_valence(neighbors: Neighbors, numbers: NDArray[np.int64]) -> Floats:
    """Return the descriptors [len(NAMES)]; `neighbors`: of every site, `numbers` [n_sites].

    The valence of a site is the sum of its bonds' strengths; polar: weighted by the difference in
    electronegativity; saturation: over the site's valence electrons; one-sided: the length of the
    strengths' vector sum over their sum; concentration: one over the number of bonds it is as if
    it had.
    """
    first, center = neighbors.first, numbers[neighbors.center]
    neighbor = numbers[neighbors.neighbor]
    radius, negativity = element_property("radius"), element_property("electronegativity")
    strength = np.exp((radius[center] + radius[neighbor] - neighbors.distance) / SOFTNESS)
    polarity = np.abs(negativity[center] - negativity[neighbor])
    direction = neighbors.vector / neighbors.distance[:, None]
    valence = np.add.reduceat(strength, first)
    polar = np.log10(np.add.reduceat(strength * polarity, first) + SMALLEST_POLAR_VALENCE)
    side = np.linalg.norm(np.add.reduceat(strength[:, None] * direction, first), axis=1) / valence
    concentration = np.add.reduceat(strength**2, first) / valence**2
    saturation = np.log10(valence / np.maximum(element_property("valence")[numbers], 1))
    return np.array(
        [
            *(np.log10(valence.mean()), np.log10(valence.min()), np.log10(valence.max())),
            *(np.log10(valence).std(), polar.mean(), polar.min(), side.mean(), side.max()),
            *(concentration.mean(), concentration.min(), concentration.max()),
            *(saturation.min(), saturation.max()),
        ]
    )
