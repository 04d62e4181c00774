"""Descriptors of the composition."""

import numpy as np
from numpy.typing import NDArray

from models.descriptors.electrons import NAMES as ELECTRON_NAMES
from models.descriptors.electrons import describe_electrons
from models.descriptors.elements import PROPERTIES, element_properties, element_property
from models.smooth import Floats

NAMES = (
    *(f"{name}_{kind}" for kind in ("mean", "min", "max", "std") for name in PROPERTIES),
    *("n_elements", "mass_variation", "log_mass_ratio"),
    *ELECTRON_NAMES,
)


def describe_composition(numbers: NDArray[np.int64]) -> Floats:
    """Return the numbers [len(NAMES)] of atoms with these atomic numbers [n_atoms]."""
    properties = element_properties()[numbers]
    mass = 10 ** element_property("mass")[numbers]
    species, counts = np.unique(numbers, return_counts=True)
    return np.concatenate(
        [
            *(properties.mean(0), properties.min(0), properties.max(0), properties.std(0)),
            [len(species), mass.std() / mass.mean(), np.log10(mass.max() / mass.min())],
            describe_electrons(species, counts // np.gcd.reduce(counts)),
        ]
    )
