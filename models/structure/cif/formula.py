"""What the formula of a CIF says of the elements its sites must have."""

import re

import gemmi
from gemmi import cif

from models.errors import UnreadableStructure
from models.structure.cif.block import SHOWN, entry_texts
from models.structure.cif.sites import Numbers

COUNTED = re.compile(r"([A-Z][a-z]?)([0-9.]*)")  # as in C6 H12 O6


def check_formula(block: cif.Block, numbers: Numbers) -> None:
    """Raise UnreadableStructure where the formula names an element that no site has.

    Hydrogen above all is left out of many lists of sites. Counts may differ: they are rounded, or
    of another unit. A formula that cannot be read says nothing.
    """
    text = " ".join(entry_texts(block, "_chemical_formula_sum"))
    missing = _elements(text) - set(numbers.tolist())
    if missing:
        names = ", ".join(gemmi.Element(number).name for number in sorted(missing))
        raise UnreadableStructure(
            f"The formula {text[:SHOWN]} has {names}, but no site does; list every atom, or "
            "correct _chemical_formula_sum."
        )


def _elements(formula: str) -> set[int]:
    """Return the atomic numbers in a formula; none if any part is not an element and its count."""
    parts = [COUNTED.fullmatch(part) for part in formula.split()]
    found = {gemmi.Element(part[1]).atomic_number for part in parts if part and part[2] != "0"}
    return found if all(parts) and 0 not in found else set()
