"""Force constants of bonds by Gordy's rule, and stiffness of sites and of the crystal.

Stiffness and mass largely set sound velocities and phonon frequencies, which the lattice thermal
conductivity follows. Layers, chains and loosely bound atoms have soft directions.
Source: W. Gordy, J. Chem. Phys. 14, 305 (1946).
"""

import math
from typing import Any

import numpy as np

from models.compiling.compiler import entry, inlined, inner

PREFACTOR, EXPONENT = 1.67, 0.75  # of Gordy's rule, for single bonds
DECAY = 0.15  # of a spring with its length over the nearest neighbor's
SOFTEST, RELATIVE = 2e-3, 0.01  # mdyn/A, and of the mean: without it, planes have no spring upright
WIDTHS = {
    "log_soft_frequency": 0.05, "log_frequency": 0.05, "log_anisotropy": 0.05,
    "log_spectral_width": 0.05,
}  # fmt: skip
CRYSTAL_NAMES = ("crystal_anisotropy", "log_stiffness", "log_soft_velocity", "log_velocity")


@entry
def spring_columns(pairs: Any, elements: Any) -> Any:
    """Return the columns [n_sites, 4] of `WIDTHS`, and the stiffness [3, 3] times the volume.

    Columns are log10 of frequencies and ratios in arbitrary units. Soft: harmonic mean of the three
    directions; spectral width: of the squared frequencies, second moment over the square of the
    first. The stiffness is the sum of spring times squared length by direction.
    """
    columns, stiffness = np.empty((len(pairs.number), 4)), np.zeros((3, 3))
    held = np.empty((3, 3))
    for site in range(len(columns)):
        held[:] = 0.0
        across = _add_springs(pairs, elements, site, held, stiffness)
        mass = elements.mass[pairs.number[site]]
        second = (held**2).sum() / mass**2 + across
        mean, soft = _mean_and_soft(held)
        columns[site, 0] = 0.5 * math.log10(soft / mass)
        columns[site, 1] = 0.5 * math.log10(mean / mass)
        columns[site, 2] = math.log10(soft / mean)
        columns[site, 3] = 0.5 * math.log10(second / 3) - math.log10(mean / mass)
    return columns, stiffness


@inner
def _add_springs(pairs: Any, elements: Any, site: Any, held: Any, stiffness: Any) -> Any:
    """Add the force constant tensors of a site's pairs; return what couples it to the others.

    Springs fall off beyond the nearest neighbors of both ends.
    """
    across, number = 0.0, pairs.number[site]
    for pair in range(pairs.first[site], pairs.first[site + 1]):
        neighbor, distance = pairs.neighbor[pair], pairs.distance[pair]
        other = pairs.number[neighbor]
        rise = math.exp((distance / pairs.nearest[site] - 1) / DECAY)
        rise += math.exp((distance / pairs.nearest[neighbor] - 1) / DECAY)
        spring = spring_constant(elements.negativity[number], elements.negativity[other], distance)
        spring *= 2 / rise * pairs.weight[pair]
        across += spring**2 / (elements.mass[number] * elements.mass[other])
        part = pairs.share[site] * distance**2
        for a in range(3):
            for b in range(3):
                value = spring * pairs.direction[pair, a] * pairs.direction[pair, b]
                held[a, b] += value
                stiffness[a, b] += part * value
    return across


@inlined
def spring_constant(first: Any, second: Any, distance: Any) -> Any:
    """Return a force constant [mdyn/A], from electronegativities and length."""
    return PREFACTOR * (first * second / distance**2) ** EXPONENT


@entry
def crystal_springs(stiffness: Any, rotations: Any, density: Any) -> Any:
    """Return the numbers [4] of `CRYSTAL_NAMES`; `density` in u/A^3.

    The `stiffness` is averaged over the rotations [m, 3, 3] that keep the crystal.
    """
    mean_tensor = np.zeros((3, 3))
    for index in range(len(rotations)):
        _add_turned(rotations[index], stiffness, mean_tensor)
    mean, soft = _mean_and_soft(mean_tensor / len(rotations))
    numbers = np.empty(4)
    numbers[0], numbers[1] = math.log10(soft / mean), math.log10(mean)
    numbers[2], numbers[3] = 0.5 * math.log10(soft / density), 0.5 * math.log10(mean / density)
    return numbers


@inner
def _add_turned(rotation: Any, tensor: Any, total: Any) -> None:
    for a in range(3):
        for b in range(3):
            for c in range(3):
                for d in range(3):
                    total[a, b] += rotation[a, c] * tensor[c, d] * rotation[b, d]


@inner
def _mean_and_soft(t: Any) -> Any:
    """Return arithmetic and harmonic mean over the directions of a tensor."""
    mean = (t[0, 0] + t[1, 1] + t[2, 2]) / 3
    least = SOFTEST + RELATIVE * mean
    x, y, z = t[0, 0] + least, t[1, 1] + least, t[2, 2] + least
    x_minor = y * z - t[1, 2] * t[2, 1]
    y_minor = x * z - t[0, 2] * t[2, 0]
    z_minor = x * y - t[0, 1] * t[1, 0]
    determinant = (
        x * x_minor
        - t[0, 1] * (t[1, 0] * z - t[1, 2] * t[2, 0])
        + t[0, 2] * (t[1, 0] * t[2, 1] - y * t[2, 0])
    )
    return mean, 3 * determinant / (x_minor + y_minor + z_minor)
