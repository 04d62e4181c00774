"""Simple features of a crystal, for baselines that any network should beat.

Composition: mean, least, greatest and spread of element properties. Geometry: volume, density,
shortest bonds, coordination, symmetry.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Structure

from models.bonds import Bonds, find_bonds
from models.symmetry import find_symmetry

Numbers = NDArray[np.float64]

BONDED = 1.2  # a neighbour is bonded when closer than this times the atom's nearest one
UNKNOWN_NEGATIVITY = 1.5  # noble gases have none; near the middle of the scale
UNKNOWN_RADIUS = 1.5  # A
FIRST_GROUPS = (1, 3, 16, 75, 143, 168, 195)  # of the seven crystal systems
ELEMENT_PROPERTIES = (
    "log10 mass",
    "atomic number",
    "electronegativity",
    "atomic radius",
    "row",
    "group",
    "Mendeleev number",
)


def crystal_features(structures: Sequence[Structure]) -> Numbers:
    """Return the features [n_crystals, n_features] of ordered structures; all finite."""
    return np.array([list(_features(structure).values()) for structure in structures])


def _features(structure: Structure) -> Mapping[str, float]:
    symbols = [site.specie.symbol for site in structure]
    properties = np.array([_element(symbol) for symbol in symbols])
    bonds = find_bonds(structure)
    return (
        _composition(properties, symbols)
        | _bonding(bonds, properties[:, ELEMENT_PROPERTIES.index("electronegativity")])
        | _cell(structure)
    )


@lru_cache(maxsize=128)
def _element(symbol: str) -> tuple[float, ...]:
    element = Element(symbol)
    negativity = element.data.get("X")  # `element.X` warns where there is none
    return (
        float(np.log10(float(element.atomic_mass))),
        float(element.Z),
        negativity if isinstance(negativity, float) else UNKNOWN_NEGATIVITY,
        float(element.atomic_radius or UNKNOWN_RADIUS),
        float(element.row),
        float(element.group),
        float(element.mendeleev_no),
    )


def _composition(properties: Numbers, symbols: Sequence[str]) -> dict[str, float]:
    features = {
        f"{kind} {name}": float(value)
        for kind, row in (
            ("mean", properties.mean(axis=0)),
            ("least", properties.min(axis=0)),
            ("greatest", properties.max(axis=0)),
            ("spread of", properties.std(axis=0)),
        )
        for name, value in zip(ELEMENT_PROPERTIES, row, strict=True)
    }
    mass = 10 ** properties[:, 0]
    return features | {
        "elements": float(len(set(symbols))),
        "mass variation": float(mass.std() / mass.mean()),
        "log10 mass ratio": float(np.log10(mass.max() / mass.min())),
    }


def _bonding(bonds: Bonds, negativity: Numbers) -> dict[str, float]:
    n_sites = len(negativity)
    nearest = np.full(n_sites, np.inf)
    np.minimum.at(nearest, bonds.center, bonds.distance)
    bonded = bonds.distance < BONDED * nearest[bonds.center]
    coordination = np.bincount(bonds.center[bonded], minlength=n_sites)
    polarity = np.abs(negativity[bonds.center] - negativity[bonds.neighbor])[bonded]
    return {
        "mean nearest distance": float(nearest.mean()),
        "least nearest distance": float(nearest.min()),
        "greatest nearest distance": float(nearest.max()),
        "mean coordination": float(coordination.mean()),
        "least coordination": float(coordination.min()),
        "greatest coordination": float(coordination.max()),
        "mean neighbours within the cutoff": len(bonds.center) / n_sites,
        "mean polarity": float(polarity.mean()),
        "greatest polarity": float(polarity.max()),
    }


def _cell(structure: Structure) -> dict[str, float]:
    symmetry = find_symmetry(structure)
    mass = sum(float(site.specie.atomic_mass) for site in structure) / len(structure)
    volume = structure.volume / len(structure)
    system = int(np.searchsorted(FIRST_GROUPS, symmetry.number, side="right")) - 1
    return {
        "log10 primitive atoms": float(np.log10(symmetry.n_primitive)),
        "log10 volume per atom": float(np.log10(volume)),
        "log10 density": float(np.log10(mass / volume)),
        "space group": float(symmetry.number),
        **{f"system {number}": float(number == system) for number in range(len(FIRST_GROUPS))},
    }
