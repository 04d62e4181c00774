"""Properties of the elements, from which descriptors are computed."""

import math
import warnings
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element

HEAVIEST = 94
PROPERTIES = (
    *("mass", "number", "electronegativity", "radius", "row", "group", "mendeleev"),
    *("melting_point", "ionization_energy", "electron_affinity", "molar_volume"),
    *("ionic_radius", "van_der_waals_radius", "calculated_radius"),
    *("valence_s", "valence_p", "valence_d", "valence_f", "valence"),
)
LOGARITHMIC = ("mass", "melting_point", "molar_volume")
FULL_INNER_SHELLS = {(1, "d"): 10, (2, "f"): 14}  # electrons; part of the core when full
D_OF_VALENCE = (10, 11, 12)  # groups whose full d shell counts: it is near the outer electrons

Floats = NDArray[np.float64]


@lru_cache(maxsize=1)
def element_properties() -> Floats:
    """Return the table [95, n_properties] of `PROPERTIES` by atomic number; row 0 is not used.

    Units are pymatgen's: u, A, K, eV, cm^3/mol; `LOGARITHMIC` ones are log10. Missing values
    are the median of the other elements.
    """
    table = np.full((HEAVIEST + 1, len(PROPERTIES)), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # noble gases have no electronegativity
        for number in range(1, HEAVIEST + 1):
            table[number] = _properties(Element.from_Z(number))
    columns = [PROPERTIES.index(name) for name in LOGARITHMIC]
    table[:, columns] = np.log10(table[:, columns])
    return np.where(np.isfinite(table), table, np.nanmedian(table, axis=0))


@cache
def element_property(name: str) -> Floats:
    """Return one of `PROPERTIES` [95] by atomic number."""
    return np.ascontiguousarray(element_properties()[:, PROPERTIES.index(name)])


@lru_cache(maxsize=1)
def is_nonmetal() -> NDArray[np.bool_]:
    """Return which elements [95] are no metals, by atomic number; row 0 is not used."""
    metals = [Element.from_Z(number).is_metal for number in range(1, HEAVIEST + 1)]
    return ~np.array([True, *metals])


def _properties(element: Element) -> list[float]:
    ionization = element.ionization_energies
    return [
        *(_number(element.atomic_mass), element.Z, _number(element.X)),
        *(_number(element.atomic_radius), element.row, element.group),
        *(_number(element.mendeleev_no), _number(element.melting_point)),
        *(_number(ionization[0] if ionization else None), _number(element.electron_affinity)),
        *(_number(element.molar_volume), _number(element.average_ionic_radius or None)),
        *(_number(element.van_der_waals_radius), _number(element.atomic_radius_calculated)),
        *_valence(element),
    ]


def _number(value: object) -> float:
    """Return a property as a number, NaN where pymatgen has none."""
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan


def _valence(element: Element) -> list[float]:
    """Return the valence electrons in s, p, d and f shells, and their sum."""
    shells = element.full_electronic_structure
    # A d shell lies below the next s shell, which palladium alone leaves empty.
    outermost = max(n + (orbital == "d") for n, orbital, _ in shells)
    counts = dict.fromkeys("spdf", 0)
    for n, orbital, electrons in shells:
        if _is_valence(outermost - n, orbital, electrons, element.group):
            counts[orbital] += electrons
    return [*counts.values(), sum(counts.values())]


def _is_valence(depth: int, orbital: str, electrons: int, group: int) -> bool:
    """Tell whether a shell `depth` below the outermost one takes part in bonds."""
    if (depth, orbital) in FULL_INNER_SHELLS:
        return electrons < FULL_INNER_SHELLS[depth, orbital] or (
            orbital == "d" and group in D_OF_VALENCE
        )
    return depth == 0
