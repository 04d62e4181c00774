"""Descriptors of a crystal: composition, size, bonds, springs, approximate symmetry.

All change continuously when atoms are displaced or the lattice is strained: neighbor sums fade out
at the end of the search, minima and maxima over sites are soft, and symmetry is a number that
operations count towards by how well they hold.
"""

import numpy as np
from numpy.typing import NDArray

from models.crystal.crystal import Crystal
from models.crystal.neighbors import Neighbors
from models.crystal.symmetry import Symmetry
from models.descriptors import composition
from models.descriptors.compiled import bond_valence, order, radial, shell, springs
from models.descriptors.compiled.columns import (
    SiteWeights,
    n_environments,
    statistic_names,
    statistics,
)
from models.descriptors.compiled.pairs import elements, pairs_of
from models.descriptors.elements import element_property
from models.smooth import Floats, magnitude

SITE_WIDTHS = {
    **shell.WIDTHS, **bond_valence.WIDTHS, **springs.WIDTHS, **order.WIDTHS,
}  # fmt: skip
SPREADS = ("log_valence", "log_site_frequency", "log_soft_frequency", "stretch")
SIMILAR = 8  # widths of the soft extremes that two sites of one environment may differ by
VERSION = 2  # raised with every change of a descriptor's value
POSITIVE = 0.3  # of electronegativity, over which a site turns from an anion to a cation
_WIDTH = np.array(list(SITE_WIDTHS.values()))
_SPREAD = [list(SITE_WIDTHS).index(name) for name in SPREADS]
NAMES = (
    *statistic_names(SITE_WIDTHS),
    *(f"{name}_std" for name in SPREADS),
    "log_environments",
    *springs.CRYSTAL_NAMES,
    *radial.NAMES,
    *("log_primitive_sites", "log_volume_per_atom", "log_density", "log_packing"),
    *("log_operations", "log_operations_per_site", "inversion", "improper"),
    *("twofold", "threefold", "fourfold", "sixfold"),
    *composition.NAMES,
)


def describe(crystal: Crystal) -> NDArray[np.float32]:
    """Return the descriptors [len(NAMES)] of a crystal, in the order of `NAMES`.

    Masses are log10 of atomic units, volumes log10 of A^3, distances A. Equivalent cells have the
    same descriptors, up to rounding.
    """
    numbers, volume, neighbors = crystal.numbers, crystal.volume, crystal.neighbors
    of_elements, pairs = elements(), pairs_of(neighbors)
    mass = of_elements.mass[numbers].mean()
    in_shell = shell.shell_weights(neighbors)
    strengths = bond_valence.bond_strengths(pairs, of_elements)
    of_springs, stiffness = springs.spring_columns(pairs, of_elements)
    columns = np.concatenate(
        [
            shell.shell_columns(pairs, of_elements, in_shell, mass),
            bond_valence.bond_valence_columns(pairs, of_elements, strengths),
            of_springs,
            order.order_columns(pairs, in_shell, strengths),
        ],
        axis=1,
    )
    environments = n_environments(columns, SIMILAR * _WIDTH, neighbors.share, neighbors.number)
    parts = (
        statistics(columns, _WIDTH, _site_weights(neighbors)),
        _spreads(columns, neighbors.share),
        [np.log10(environments)],
        springs.crystal_springs(stiffness / volume, crystal.ideal.rotations, mass / volume),
        radial.radial_distributions(pairs, of_elements),
        _size(volume, numbers, crystal.symmetry),
        _symmetry(crystal.symmetry),
        composition.describe_composition(numbers),
    )
    return np.concatenate(parts).astype(np.float32)


def _site_weights(neighbors: Neighbors) -> SiteWeights:
    share, number = neighbors.share, neighbors.number
    negativity = element_property("electronegativity")[number]
    positive = share / (1 + np.exp((negativity - share @ negativity) / POSITIVE))
    heavy = share * 10 ** element_property("mass")[number]
    return SiteWeights(share, positive / positive.sum(), heavy / heavy.sum())


def _spreads(columns: Floats, share: Floats) -> Floats:
    """Return soft standard deviations over sites of the columns `SPREADS`."""
    chosen = columns[:, _SPREAD]
    return magnitude(share @ (chosen - share @ chosen) ** 2, _WIDTH[_SPREAD] / 2)


def _size(volume: float, numbers: NDArray[np.int64], symmetry: Symmetry) -> Floats:
    mass = 10 ** element_property("mass")[numbers]
    spheres = 4 / 3 * np.pi * element_property("radius")[numbers] ** 3
    sizes = [symmetry.n_primitive, volume, mass.mean() / volume, spheres.mean() / volume]
    return np.log10(sizes)


def _symmetry(symmetry: Symmetry) -> list[float]:
    operations = np.log10(symmetry.operations)
    return [
        *(operations, operations - np.log10(symmetry.n_primitive)),
        *(symmetry.inversion, symmetry.improper),
        *symmetry.rotations[:4],
    ]
