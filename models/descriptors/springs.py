"""The softest directions of atoms and of the crystal, with springs between all near atoms.

Layers, chains and loosely held atoms show as directions in which the springs hold weakly.
"""

import numpy as np
from numpy.typing import NDArray

from models.crystal.neighbors import Neighbors
from models.descriptors.elements import element_property
from models.descriptors.stiffness import spring_constants

NAMES = (
    *("log_soft_frequency_min", "log_soft_frequency_mean", "log_hard_frequency_max"),
    *("log_site_anisotropy_min", "log_site_anisotropy_mean", "log_crystal_anisotropy"),
    *("log_stiffness", "log_soft_velocity", "log_velocity", "log_soft_frequency_range"),
)
DECAY = 0.15  # of a spring with its length over the nearest neighbour's
SOFTEST = 1e-3  # mdyn/A; a plane or a chain of neighbours leaves a direction without any spring

Floats = NDArray[np.float64]


def describe_springs(neighbors: Neighbors, numbers: NDArray[np.int64], volume: float) -> Floats:
    """Return log10 of frequencies, velocities and their anisotropies, in arbitrary units.

    `neighbors`: of every site; `numbers` [n_sites]; `volume` of the cell in A^3.
    """
    mass = 10 ** element_property("mass")[numbers]
    spring = _springs(neighbors, numbers)
    vector, first = neighbors.vector, neighbors.first
    outer = spring[:, None, None] * vector[:, :, None] * vector[:, None, :]
    site = np.linalg.eigvalsh(
        np.add.reduceat(outer / neighbors.distance[:, None, None] ** 2, first)
    )
    soft, hard = np.maximum(site[:, 0], SOFTEST), site[:, 2]
    soft_frequency, hard_frequency = np.log10(soft / mass) / 2, np.log10(hard / mass) / 2
    anisotropy = np.log10(soft / hard)
    stiffness = np.maximum(np.linalg.eigvalsh(outer.sum(axis=0) / volume), SOFTEST)
    density = mass.sum() / volume
    return np.array(
        [
            *(soft_frequency.min(), soft_frequency.mean(), hard_frequency.max()),
            *(anisotropy.min(), anisotropy.mean(), np.log10(stiffness[0] / stiffness[2])),
            *np.log10([stiffness.sum(), stiffness[0] / density, stiffness.sum() / density]),
            np.ptp(soft_frequency),
        ]
    )


def _springs(neighbors: Neighbors, numbers: NDArray[np.int64]) -> Floats:
    """Return the force constants, falling off beyond the nearest neighbours of both ends."""
    nearest = neighbors.nearest
    closest = np.minimum(nearest[neighbors.center], nearest[neighbors.neighbor])
    weight = np.exp((1 - neighbors.distance / closest) / DECAY)
    springs: Floats = spring_constants(neighbors, numbers) * weight
    return springs
