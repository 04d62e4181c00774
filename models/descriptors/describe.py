"""Descriptors of a crystal: composition, electrons, size, bonds, springs, symmetry.

A graph within 4 A holds no masses, density or symmetry, on which the lattice thermal conductivity
depends (Slack, J. Phys. Chem. Solids 34, 321 (1973)).
"""

import numpy as np
from numpy.typing import NDArray

from models.crystal.crystal import Crystal
from models.crystal.neighbors import Neighbors
from models.crystal.symmetry import Symmetry
from models.descriptors import bond_valence, electrons, springs, stiffness
from models.descriptors.elements import PROPERTIES, element_properties, element_property

SHELL = 1.2  # neighbours up to this many times the nearest distance are of the first shell
LAST_OF_SYSTEM = (2, 15, 74, 142, 167, 194)  # last space group of each crystal system but cubic
SMALLEST_CONTRAST = 0.01  # keeps the logarithm of the mass contrast finite
NAMES = (
    *(f"{name}_{kind}" for kind in ("mean", "min", "max", "std") for name in PROPERTIES),
    *("log_primitive_sites", "log_volume_per_atom", "log_density", "n_elements", "log_packing"),
    *("nearest_mean", "nearest_min", "nearest_max"),
    *("coordination_mean", "coordination_min", "coordination_max", "degree_mean"),
    *("polarity_mean", "polarity_max", "ionicity_mean", "like_neighbors", "log_mass_contrast"),
    *("log_length_mean", "stretch_mean", "stretch_min", "stretch_max", "stretch_std"),
    *("shell_spread_mean", "shell_spread_max"),
    *stiffness.NAMES,
    *("space_group", "log_operations"),
    *("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic"),
    *("mass_variation", "log_mass_ratio"),
    *electrons.NAMES,
    *bond_valence.NAMES,
    *springs.NAMES,
)

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def describe(crystal: Crystal) -> NDArray[np.float32]:
    """Return the descriptors [len(NAMES)] of a crystal, in the order of `NAMES`.

    Masses are log10 of atomic units, volumes log10 of A^3, distances A. Equivalent cells have the
    same descriptors, up to rounding.
    """
    numbers, neighbors, bonds = crystal.numbers, crystal.neighbors, crystal.bonds
    volume, symmetry = crystal.structure.volume, crystal.symmetry
    properties = element_properties()[numbers]
    nearest = bonds.nearest
    shell = bonds.chosen(bonds.distance < SHELL * nearest[bonds.center])
    parts = (
        *(properties.mean(0), properties.min(0), properties.max(0), properties.std(0)),
        _size(volume, numbers, symmetry),
        np.array([nearest.mean(), nearest.min(), nearest.max()]),
        _coordination(shell, len(bonds.center), len(numbers)),
        *(_contrast(shell, numbers), _stretch(shell, numbers)),
        stiffness.describe_stiffness(shell, numbers),
        *(_symmetry(symmetry), _masses(numbers)),
        _electrons(crystal),
        bond_valence.describe_bond_valence(neighbors, numbers),
        springs.describe_springs(neighbors, numbers, volume),
    )
    return np.concatenate(parts).astype(np.float32)


def _electrons(crystal: Crystal) -> Floats:
    species, counts = (np.array(part) for part in zip(*crystal.composition.items(), strict=True))
    half_heusler = crystal.symmetry.is_half_heusler(len(species))
    return electrons.describe_electrons(species, counts, is_half_heusler=half_heusler)


def _size(cell_volume: float, numbers: Numbers, symmetry: Symmetry) -> Floats:
    masses = 10 ** element_property("mass")[numbers]
    spheres = 4 / 3 * np.pi * element_property("radius")[numbers] ** 3
    volume = cell_volume / len(numbers)
    logarithms = np.log10([symmetry.n_primitive, volume, masses.mean() / volume])
    return np.array([*logarithms, len(np.unique(numbers)), np.log10(spheres.mean() / volume)])


def _coordination(shell: Neighbors, n_bonds: int, n_sites: int) -> Floats:
    counts = np.bincount(shell.center, minlength=n_sites)
    return np.array([counts.mean(), counts.min(), counts.max(), n_bonds / n_sites])


def _contrast(shell: Neighbors, numbers: Numbers) -> Floats:
    """Return how unlike bonded atoms are: in electronegativity, in kind, in mass."""
    first, second = numbers[shell.center], numbers[shell.neighbor]
    negativity, mass = element_property("electronegativity"), 10 ** element_property("mass")
    polarity = np.abs(negativity[first] - negativity[second])
    ionicity = 1 - np.exp(-(polarity**2) / 4)  # Pauling's
    contrast = np.abs(mass[first] - mass[second]).mean() / mass[numbers].mean()
    return np.array(
        [
            *(polarity.mean(), polarity.max(), ionicity.mean(), (first == second).mean()),
            np.log10(contrast + SMALLEST_CONTRAST),
        ]
    )


def _stretch(shell: Neighbors, numbers: Numbers) -> Floats:
    """Return bond lengths over the sums of atomic radii, and how they differ about one atom."""
    radius = element_property("radius")[numbers]
    ratio = shell.distance / (radius[shell.center] + radius[shell.neighbor])
    counts = np.bincount(shell.center, minlength=len(numbers))
    means = np.bincount(shell.center, shell.distance) / counts
    squares = np.bincount(shell.center, (shell.distance - means[shell.center]) ** 2) / counts
    spread = np.sqrt(squares) / means
    return np.array(
        [
            np.log10(shell.distance.mean()),
            *(ratio.mean(), ratio.min(), ratio.max(), ratio.std()),
            *(spread.mean(), spread.max()),
        ]
    )


def _symmetry(symmetry: Symmetry) -> Floats:
    system = np.searchsorted(LAST_OF_SYSTEM, symmetry.number)
    return np.array([symmetry.achiral_number, np.log10(symmetry.point_order), *np.eye(7)[system]])


def _masses(numbers: Numbers) -> Floats:
    masses = 10 ** element_property("mass")[numbers]
    return np.array([masses.std() / masses.mean(), np.log10(masses.max() / masses.min())])
