"""Bond stiffness: force constants by Gordy's rule, and frequencies from them and the masses.

Stiffness and mass set the sound velocity and the phonon frequencies, which the lattice thermal
conductivity follows. Source: W. Gordy, J. Chem. Phys. 14, 305 (1946).
"""

import numpy as np
from numpy.typing import NDArray

from models.crystal.neighbors import Neighbors
from models.descriptors.elements import element_property

NAMES = (
    *("log_spring_mean", "log_site_spring_min", "log_site_spring_max", "log_bond_frequency_mean"),
    *("log_site_frequency_min", "log_site_frequency_mean", "log_site_frequency_max"),
)
PREFACTOR, EXPONENT = 1.67, 0.75  # of Gordy's rule, for single bonds

Floats = NDArray[np.float64]


def describe_stiffness(shell: Neighbors, numbers: NDArray[np.int64]) -> Floats:
    """Return log10 of spring constants and frequencies [len(NAMES)], in arbitrary units.

    `shell`: the bonds of first neighbours, every site having some; `numbers` [n_sites]: atomic
    numbers.
    """
    mass = 10 ** element_property("mass")[numbers]
    spring = spring_constants(shell, numbers)
    first, second = mass[shell.center], mass[shell.neighbor]
    bond_frequency = 0.5 * np.log10(spring * (first + second) / (first * second))
    site_spring = np.bincount(shell.center, spring, minlength=len(numbers))
    site_frequency = 0.5 * np.log10(site_spring / mass)
    return np.array(
        [
            np.log10(spring.mean()),
            *np.log10([site_spring.min(), site_spring.max()]),
            bond_frequency.mean(),
            *(site_frequency.min(), site_frequency.mean(), site_frequency.max()),
        ]
    )


def spring_constants(bonds: Neighbors, numbers: NDArray[np.int64]) -> Floats:
    """Return a force constant [mdyn/A] for each bond, from electronegativities and length."""
    negativity = element_property("electronegativity")[numbers]
    product = negativity[bonds.center] * negativity[bonds.neighbor]
    springs: Floats = PREFACTOR * (product / bonds.distance**2) ** EXPONENT
    return springs
