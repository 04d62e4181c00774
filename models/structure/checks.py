"""Checks of a structure: elements, order, distances, limits."""

from dataclasses import dataclass
from functools import lru_cache

import gemmi
import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element, Structure
from pymatgen.optimization.neighbors import find_points_in_spheres

from models.errors import (
    DisorderedStructure,
    OverlappingSites,
    UnsupportedElement,
)
from models.structure.bounds import check_cell, check_crowding
from models.structure.primitive import check_raw_size

RAW_RATIO = 16  # of a whole file to the part of it that a structure needs
HEAVIEST = 94  # MEGNet's element embedding has rows for atomic numbers 1 (H) to 94 (Pu)
OVERLAP = 0.5  # of the covalent radii's sum; 0.65 in the tightest of 10,000 computed crystals
SHORTEST = 0.5  # A; the shortest known bond, H2, is 0.74 A
COVALENT_RADII = np.array([gemmi.Element(number).covalent_r for number in range(HEAVIEST + 1)])
PERIODIC = np.ones(3, dtype=np.int64)
COINCIDENT = 1e-8  # A
VOXEL = SHORTEST / 3.2  # A; its longest diagonal is shorter than any bond
FEW = 200  # sites whose neighbors are few wherever they are


@dataclass(frozen=True)
class StructureLimits:
    """How large an input may be.

    `max_bytes` of text, `max_sites` in the primitive cell, `max_bonds` in its crystal graph.
    """

    max_bytes: int = 1_000_000
    max_sites: int = 500
    max_bonds: int = 25_000

    @property
    def max_raw_bytes(self) -> int:
        """Most bytes of a file before and after it is unpacked, reflections included."""
        return RAW_RATIO * self.max_bytes


def check_structure(
    structure: Structure,
    limits: StructureLimits = StructureLimits(),
) -> Structure:
    """Return the structure if every site is one supported element, apart from the others.

    Raises UnreadableStructure, StructureTooLarge, DisorderedStructure, UnsupportedElement,
    OverlappingSites.
    """
    check_raw_size(len(structure), limits.max_sites)
    check_cell(structure.lattice)
    check_crowding(structure)
    _check_distances(structure, _checked_numbers(structure))
    return structure


def _checked_numbers(structure: Structure) -> NDArray[np.int64]:
    """Return the atomic numbers [n_sites]. Raises DisorderedStructure, UnsupportedElement."""
    # Sites of one element share their composition in structures that were read: few are different.
    occupants = [site.species for site in structure.sites]
    different = {id(occupant): occupant for occupant in occupants}
    if not all(len(occupant) == 1 and occupant.num_atoms == 1 for occupant in different.values()):
        raise _disorder(structure)
    species = {key: next(iter(occupant)) for key, occupant in different.items()}
    unknown = sorted({s.symbol for s in species.values() if not _is_known(s.symbol)})
    if unknown:
        raise UnsupportedElement(
            f"No embedding for {', '.join(unknown)}: the network knows H (1) to Pu ({HEAVIEST})."
        )
    numbers = {key: specie.Z for key, specie in species.items()}
    return np.array([numbers[id(occupant)] for occupant in occupants])


@lru_cache(maxsize=256)
def _is_known(symbol: str) -> bool:
    return Element.is_valid_symbol(symbol) and 1 <= Element(symbol).Z <= HEAVIEST


def _disorder(structure: Structure) -> DisorderedStructure:
    mixed = [site for site in structure if not site.is_ordered]
    place = ", ".join(f"{value:.4g}" for value in mixed[0].frac_coords)
    number = "1 site is" if len(mixed) == 1 else f"{len(mixed)} sites are"
    return DisorderedStructure(
        f"{number} partly occupied or mixed, such as {mixed[0].species_string} at {place}; send an "
        "ordered approximant, such as one made by pymatgen's "
        "OrderDisorderedStructureTransformation."
    )


def _check_distances(structure: Structure, numbers: NDArray[np.int64]) -> None:
    radii = COVALENT_RADII[numbers]
    radius = max(2 * OVERLAP * radii.max(), SHORTEST)
    if len(numbers) > FEW:  # many atoms in one place have too many neighbors to list
        _check_places(structure)
        _check_pairs(structure, radii, SHORTEST)
    _check_pairs(structure, radii, radius)


def _check_places(structure: Structure) -> None:
    """Raise OverlappingSites if two atoms share a voxel that is smaller than any bond."""
    counts = np.ceil(np.array(structure.lattice.abc) / VOXEL).astype(np.int64)
    voxels = np.floor(structure.frac_coords % 1 * counts).astype(np.int64) % counts
    _, first, times = np.unique(voxels, axis=0, return_index=True, return_counts=True)
    if (times > 1).any():
        site = int(first[np.argmax(times > 1)])
        other = int(np.flatnonzero((voxels == voxels[site]).all(axis=1))[1])
        raise _overlap(structure, site, other, structure.get_distance(site, other))


def _check_pairs(structure: Structure, radii: NDArray[np.float64], radius: float) -> None:
    # Structure.get_neighbor_list computes the position of each site by itself, which takes longer.
    matrix = np.ascontiguousarray(structure.lattice.matrix)
    places = np.ascontiguousarray(structure.frac_coords % 1 @ matrix)
    found = find_points_in_spheres(places, places, radius, PERIODIC, matrix)
    itself = (found[0] == found[1]) & (found[3] < COINCIDENT)
    centers, neighbors, distances = (found[part][~itself] for part in (0, 1, 3))
    allowed = np.maximum(OVERLAP * (radii[centers] + radii[neighbors]), SHORTEST)
    if (distances < allowed).any():
        first = int(np.argmin(distances / allowed))
        raise _overlap(structure, int(centers[first]), int(neighbors[first]), distances[first])


def _overlap(structure: Structure, site: int, other: int, distance: float) -> OverlappingSites:
    return OverlappingSites(
        f"Sites {site} ({structure[site].specie}) and {other} ({structure[other].specie}) are "
        f"{distance:.2f} A apart; remove duplicate or alternative sites."
    )
