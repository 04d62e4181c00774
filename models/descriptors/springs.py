"""Force constants of bonds by Gordy's rule, and stiffness of sites and of the crystal.

Stiffness and mass largely set sound velocities and phonon frequencies, which the lattice thermal
conductivity follows. Layers, chains and loosely bound atoms have soft directions.
Source: W. Gordy, J. Chem. Phys. 14, 305 (1946).
"""

import numpy as np

from models.crystal.neighbors import Neighbors
from models.descriptors.elements import element_property
from models.smooth import Floats

PREFACTOR, EXPONENT = 1.67, 0.75  # of Gordy's rule, for single bonds
DECAY = 0.15  # of a spring with its length over the nearest neighbor's
SOFTEST, RELATIVE = 2e-3, 0.01  # mdyn/A, and of the mean: without it, planes have no spring upright
WIDTHS = {
    "log_soft_frequency": 0.05, "log_frequency": 0.05, "log_anisotropy": 0.05,
    "log_spectral_width": 0.05,
}  # fmt: skip
CRYSTAL_NAMES = ("crystal_anisotropy", "log_stiffness", "log_soft_velocity", "log_velocity")


def spring_constants(neighbors: Neighbors) -> Floats:
    """Return a force constant [mdyn/A] for each pair, from electronegativities and length."""
    negativity = element_property("electronegativity")[neighbors.number]
    product = negativity[neighbors.center] * negativity[neighbors.neighbor]
    springs: Floats = PREFACTOR * (product / neighbors.distance**2) ** EXPONENT
    return springs


def decaying_springs(neighbors: Neighbors) -> Floats:
    """Return the force constants, falling off beyond the nearest neighbors of both ends."""
    nearest, distance = neighbors.nearest, neighbors.distance
    ends = (neighbors.center, neighbors.neighbor)
    rises = [np.exp((distance / nearest[end] - 1) / DECAY) for end in ends]
    springs: Floats = spring_constants(neighbors) * 2 / sum(rises) * neighbors.weight
    return springs


def spring_tensors(neighbors: Neighbors, springs: Floats) -> Floats:
    """Return the force constant tensor [n_pairs, 3, 3] of each pair."""
    direction = neighbors.direction
    tensors: Floats = springs[:, None, None] * direction[:, :, None] * direction[:, None, :]
    return tensors


def spring_columns(neighbors: Neighbors, springs: Floats, tensors: Floats) -> list[Floats]:
    """Return the columns [n_sites] of `WIDTHS`: log10 of frequencies and ratios, arbitrary units.

    Soft: harmonic mean of the three directions; spectral width: of the squared frequencies, second
    moment over the square of the first.
    """
    mass = 10 ** element_property("mass")[neighbors.number]
    site = neighbors.total(tensors)
    mean, soft = _mean_and_soft(site)
    across = springs**2 / (mass[neighbors.center] * mass[neighbors.neighbor])
    second = (site**2).sum(axis=(1, 2)) / mass**2 + neighbors.total(across)
    return [
        0.5 * np.log10(soft / mass),
        0.5 * np.log10(mean / mass),
        np.log10(soft / mean),
        0.5 * np.log10(second / 3) - np.log10(mean / mass),
    ]


def crystal_springs(
    neighbors: Neighbors, tensors: Floats, rotations: Floats, volume: float
) -> list[float]:
    """Return the numbers of `CRYSTAL_NAMES`; `volume` in A^3 an atom.

    The stiffness is the sum of spring times squared length by direction, averaged over the
    rotations [m, 3, 3] that keep the crystal.
    """
    weight = neighbors.share[neighbors.center] * neighbors.distance**2 / volume
    one = np.tensordot(weight, tensors, axes=1)
    stiffness = (rotations @ one @ np.swapaxes(rotations, 1, 2)).mean(axis=0)
    mean, soft = (float(value[0]) for value in _mean_and_soft(stiffness[None]))
    density = neighbors.share @ 10 ** element_property("mass")[neighbors.number] / volume
    return [
        *(np.log10(soft / mean), np.log10(mean)),
        *(0.5 * np.log10(soft / density), 0.5 * np.log10(mean / density)),
    ]


def _mean_and_soft(tensors: Floats) -> tuple[Floats, Floats]:
    """Return arithmetic and harmonic means [n] over the directions of tensors [n, 3, 3]."""
    mean = np.trace(tensors, axis1=1, axis2=2) / 3
    held = tensors + (SOFTEST + RELATIVE * mean)[:, None, None] * np.eye(3)
    return mean, 3 / np.trace(np.linalg.inv(held), axis1=1, axis2=2)
