"""What simple quantities say of a crystal: composition, size, density, coordination, symmetry.

A graph within 4 A knows nothing of the atoms' masses, the density or the symmetry, all of which the
lattice thermal conductivity depends on (Slack, J. Phys. Chem. Solids 34, 321 (1973)).
"""

import warnings
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Structure

from models.bonds import Bonds
from models.symmetry import Symmetry

SHELL = 1.2  # neighbours up to this many times the nearest distance are of the first shell
HEAVIEST = 94
LAST_OF_SYSTEM = (2, 15, 74, 142, 167, 194)  # last space group of each crystal system but cubic
PROPERTIES = ("mass", "number", "electronegativity", "radius", "row", "group", "mendeleev")
NAMES = (
    *(f"{name}_{kind}" for kind in ("mean", "min", "max", "std") for name in PROPERTIES),
    *("log_primitive_sites", "log_volume_per_atom", "log_density", "n_elements"),
    *("nearest_mean", "nearest_min", "nearest_max"),
    *("coordination_mean", "coordination_min", "coordination_max", "degree_mean"),
    *("polarity_mean", "polarity_max", "space_group", "log_operations"),
    *("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic"),
    *("mass_variation", "log_mass_ratio"),
)

Floats = NDArray[np.float64]


def describe(structure: Structure, bonds: Bonds, symmetry: Symmetry) -> NDArray[np.float32]:
    """Return the descriptors [len(NAMES)] of a crystal, in the order of `NAMES`.

    Masses are log10 of atomic units, volumes log10 of A^3, distances A. Equivalent cells have the
    same descriptors, up to rounding.
    """
    numbers = np.array([site.specie.Z for site in structure])
    properties = element_properties()[numbers]
    parts = (
        *(properties.mean(0), properties.min(0), properties.max(0), properties.std(0)),
        *(_size(structure, numbers, symmetry), _coordination(bonds, properties, len(numbers))),
        *(_symmetry(symmetry), _masses(properties)),
    )
    return np.concatenate(parts).astype(np.float32)


@lru_cache(maxsize=1)
def element_properties() -> Floats:
    """Return the table [95, 7] of `PROPERTIES` by atomic number; what is unknown is 1.5."""
    table = np.zeros((HEAVIEST + 1, len(PROPERTIES)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # noble gases have no electronegativity
        for number in range(1, HEAVIEST + 1):
            table[number] = _properties(Element.from_Z(number))
    return np.where(np.isfinite(table), table, 1.5)


def _properties(element: Element) -> list[float]:
    return [
        np.log10(float(element.atomic_mass)),
        element.Z,
        float(element.X),
        float(element.atomic_radius or np.nan),
        element.row,
        element.group,
        float(element.mendeleev_no or np.nan),
    ]


def _size(structure: Structure, numbers: NDArray[np.int64], symmetry: Symmetry) -> Floats:
    masses = 10 ** element_properties()[numbers, 0]
    volume = structure.volume / len(numbers)
    density = masses.mean() / volume
    n_elements = len(np.unique(numbers))
    return np.array(
        [np.log10(symmetry.n_primitive), np.log10(volume), np.log10(density), n_elements]
    )


def _coordination(bonds: Bonds, properties: Floats, n_sites: int) -> Floats:
    nearest = np.minimum.reduceat(bonds.distance, np.searchsorted(bonds.center, range(n_sites)))
    shell = bonds.distance < SHELL * nearest[bonds.center]
    coordination = np.bincount(bonds.center[shell], minlength=n_sites)
    electronegativity = properties[:, PROPERTIES.index("electronegativity")]
    polarity = np.abs(electronegativity[bonds.center] - electronegativity[bonds.neighbor])[shell]
    return np.array(
        [
            *(nearest.mean(), nearest.min(), nearest.max()),
            *(coordination.mean(), coordination.min(), coordination.max()),
            *(len(bonds.center) / n_sites, polarity.mean(), polarity.max()),
        ]
    )


def _symmetry(symmetry: Symmetry) -> Floats:
    system = np.searchsorted(LAST_OF_SYSTEM, symmetry.number)
    return np.array([symmetry.number, np.log10(symmetry.point_order), *np.eye(7)[system]])


def _masses(properties: Floats) -> Floats:
    masses = 10 ** properties[:, 0]
    return np.array([masses.std() / masses.mean(), np.log10(masses.max() / masses.min())])
