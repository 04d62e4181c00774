"""Checks of a structure: elements, order, distances, limits."""

from dataclasses import dataclass

import gemmi
import numpy as np
from pymatgen.core import Element, Structure

from models.errors import (
    DisorderedStructure,
    OverlappingSites,
    StructureTooLarge,
    UnsupportedElement,
)
from models.structure.bounds import check_cell, check_crowding

HEAVIEST = 94  # MEGNet's element embedding has rows for atomic numbers 1 (H) to 94 (Pu)
OVERLAP = 0.5  # of the covalent radii's sum; 0.65 in the tightest of 10,000 computed crystals
SHORTEST = 0.5  # A; the shortest known bond, H2, is 0.74 A
COVALENT_RADII = np.array([gemmi.Element(number).covalent_r for number in range(HEAVIEST + 1)])
SEARCH_RADIUS = max(2 * OVERLAP * COVALENT_RADII)


@dataclass(frozen=True)
class StructureLimits:
    """How large an input may be: `max_bytes` of text, `max_sites` in the cell."""

    max_bytes: int = 1_000_000
    max_sites: int = 500


def check_structure(
    structure: Structure,
    limits: StructureLimits = StructureLimits(),
) -> Structure:
    """Return the structure if every site is one supported element, apart from the others.

    Raises UnreadableStructure, StructureTooLarge, DisorderedStructure, UnsupportedElement,
    OverlappingSites.
    """
    if len(structure) > limits.max_sites:
        raise StructureTooLarge(
            f"The cell has {len(structure)} sites, more than the {limits.max_sites} accepted; "
            "send the primitive cell."
        )
    check_cell(structure.lattice)
    check_crowding(structure)
    _check_order(structure)
    _check_elements(structure)
    _check_distances(structure)
    return structure


def _check_order(structure: Structure) -> None:
    mixed = [site.species_string for site in structure if not site.is_ordered]
    if mixed:
        raise DisorderedStructure(
            f"{len(mixed)} sites are partly occupied or mixed (such as {mixed[0]}); "
            "send an ordered approximant."
        )


def _check_elements(structure: Structure) -> None:
    symbols = {site.specie.symbol for site in structure}
    unknown = sorted(
        symbol
        for symbol in symbols
        if not Element.is_valid_symbol(symbol) or not 1 <= Element(symbol).Z <= HEAVIEST
    )
    if unknown:
        raise UnsupportedElement(
            f"No embedding for {', '.join(unknown)}: the network knows H (1) to Pu ({HEAVIEST})."
        )


def _check_distances(structure: Structure) -> None:
    centers, neighbors, _, distances = structure.get_neighbor_list(SEARCH_RADIUS)
    radii = COVALENT_RADII[list(structure.atomic_numbers)]
    allowed = np.maximum(OVERLAP * (radii[centers] + radii[neighbors]), SHORTEST)
    if (distances < allowed).any():
        first = int(np.argmin(distances / allowed))
        raise OverlappingSites(
            f"Sites {centers[first]} ({structure[int(centers[first])].specie}) and "
            f"{neighbors[first]} ({structure[int(neighbors[first])].specie}) are "
            f"{distances[first]:.2f} A apart; remove duplicate or alternative sites."
        )
