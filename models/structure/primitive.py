"""Reduction of cells with more sites than the limit to the primitive cell."""

from typing import Any

import numpy as np
import spglib
from pymatgen.core import Structure

from models.errors import StructureTooLarge

LARGEST_RATIO = 10  # raw sites that are reduced, for each site accepted
TOLERANCE = 0.01  # A, that a translation may miss an atom by


def most_raw_sites(max_sites: int) -> int:
    """Return how many sites a cell may have before it is reduced."""
    return LARGEST_RATIO * max_sites


def within_limit(structure: Structure, max_sites: int) -> Structure:
    """Return the structure if it has at most `max_sites`, else its primitive cell.

    Raises StructureTooLarge when that too has more.
    """
    if len(structure) <= max_sites:
        return structure
    check_raw_size(len(structure), max_sites)
    numbers = [site.specie.Z for site in structure]
    cell = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), numbers)
    found = spglib.find_primitive(cell, TOLERANCE)
    n_primitive = len(structure) if found is None else len(found[2])
    if found is None or n_primitive > max_sites:
        raise StructureTooLarge(
            f"The cell has {len(structure)} sites and its primitive cell {n_primitive}, more than "
            f"the {max_sites} accepted; only smaller crystals can be predicted."
        )
    primitive: list[Any] = [int(number) for number in found[2]]
    return Structure(np.array(found[0]), primitive, np.array(found[1]))


def check_raw_size(n_sites: int, max_sites: int) -> None:
    """Raise StructureTooLarge for more sites than are reduced."""
    if n_sites > most_raw_sites(max_sites):
        raise StructureTooLarge(
            f"The cell has {n_sites} sites; {max_sites} are accepted, and cells of up to "
            f"{most_raw_sites(max_sites)} are reduced: send the primitive cell."
        )
