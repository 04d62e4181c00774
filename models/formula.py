"""Chemical formulas in the usual order: PbTe, CH4.

An identity of a crystal is built on pymatgen's order instead, by electronegativity: TePb, H4C.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field
from pymatgen.core import Element

PART = re.compile(r"([A-Z][a-z]?)([\d.]*)")
N_ORDERED = 103  # elements that IUPAC's table has
# Cations first: table VI of the Red Book (IUPAC Recommendations 2005).
PLACES = {
    element.symbol: float(element.iupac_ordering)
    for element in map(Element.from_Z, range(1, N_ORDERED + 1))
}
HALOGENS = ("Cl", "Br", "I")


def usual(formula: str) -> str:
    """Return a formula with its elements in the usual order; one with groups stays as it is."""
    parts = dict(PART.findall(formula))
    if "".join(map("".join, parts.items())) != formula:
        return formula
    order = sorted(parts, key=lambda element: PLACES.get(element, len(PLACES)))
    if _is_halate(parts):
        order[-2:] = reversed(order[-2:])
    return "".join(element + parts[element] for element in order)


def _is_halate(parts: Mapping[str, str]) -> bool:
    """Tell whether halogen and oxygen are an anion, as in KClO4, which table VI has as KO4Cl.

    They are if each halogen has three oxygen or more, and at most one cation: not in Y3O4Cl.
    """
    counts = {element: float(count or 1) for element, count in parts.items()}
    oxygen = counts.pop("O", 0)
    found = [counts.pop(each) for each in HALOGENS if each in counts]
    return len(found) == len(counts) == 1 and oxygen >= 3 * found[0] >= 3 * sum(counts.values())


Formula = Annotated[
    str,
    AfterValidator(usual),
    Field(description="Reduced chemical formula in the usual order, such as PbTe."),
]
