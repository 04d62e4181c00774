"""Electronic descriptors: closed shells, charge balance, families of elements.

Unpaired electrons indicate a metal; ions with a full d shell or a lone pair of s electrons are
loosely held and have soft phonons.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element

from models.descriptors.elements import HEAVIEST, element_property, is_nonmetal

FAMILIES = {  # elements that behave alike, by atomic number
    "coinage": (29, 47, 79),
    "zinc": (30, 48, 80),
    "lone_pair": (81, 82, 83),  # Tl, Pb, Bi
    "weak_lone_pair": (49, 50, 51),  # In, Sn, Sb
    "alkali": (3, 11, 19, 37, 55),
    "alkaline_earth": (4, 12, 20, 38, 56),
    "transition": (*range(21, 29), *range(39, 47), *range(72, 79)),
    "f_block": (*range(57, 72), *range(89, 95)),  # lanthanides and actinides
    "group_13_14": (13, 14, 31, 32),  # Al, Si, Ga, Ge
    "pnictogen": (15, 33),
    "chalcogen": (16, 34, 52),
    "halogen": (9, 17, 35, 53),
    "second_row": (5, 6, 7, 8),
    "hydrogen": (1,),
}
NAMES = (
    *("odd_electrons", "shell_distance", "charge_imbalance", "excess_electrons"),
    *("has_nonmetal", "nonmetal_share"),
    *(f"{family}_share" for family in FAMILIES),
)
CLOSED_SHELLS = (8, 18)  # valence electrons at which half-Heuslers ABC have gaps
OCTET = 8

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def describe_electrons(species: Ints, counts: Ints) -> Floats:
    """Return the descriptors of the electrons [len(NAMES)].

    `species`, `counts` [n_elements]: the elements of a formula unit and how many atoms of each.
    """
    n_sites = counts.sum()
    valence = valence_electrons(species, counts)
    n_nonmetals = np.sum(counts[is_nonmetal()[species]])
    excess = (valence - OCTET * n_nonmetals) / n_sites if n_nonmetals else 0.0
    is_abc = counts.tolist() == [1, 1, 1]
    distance = min(abs(valence - closed) for closed in CLOSED_SHELLS) if is_abc else 0
    return np.array(
        [
            *(has_odd_electron(species, counts), distance),
            *(charge_imbalance(species, counts) / n_sites, excess),
            *(n_nonmetals > 0, n_nonmetals / n_sites),
            *(counts @ _families()[species] / n_sites),
        ],
        dtype=float,
    )


def has_odd_electron(species: Ints, counts: Ints) -> bool:
    """Tell whether the cell has an odd number of electrons, so that one is left unpaired."""
    return bool(np.sum(counts * species) % 2)


def valence_electrons(species: Ints, counts: Ints) -> int:
    """Return the number of valence electrons in the cell."""
    return round(float(np.sum(counts * element_property("valence")[species])))


def charge_imbalance(species: Ints, counts: Ints) -> int:
    """Return the smallest charge of the cell that common oxidation states leave."""
    charges = {0}
    for number, count in zip(species.tolist(), counts.tolist(), strict=True):
        states = _oxidation_states(number) if len(species) > 1 else (0,)
        charges = {charge + count * state for charge in charges for state in states}
    return min(map(abs, charges))


@lru_cache(maxsize=HEAVIEST + 1)
def _oxidation_states(number: int) -> tuple[int, ...]:
    return Element.from_Z(number).common_oxidation_states or (0,)


@lru_cache(maxsize=1)
def _families() -> Floats:
    """Return which family an element is of [95, n_families], by atomic number."""
    numbers = np.arange(HEAVIEST + 1)
    columns = [np.isin(numbers, members) for members in FAMILIES.values()]
    return np.stack(columns, axis=1).astype(np.float64)
