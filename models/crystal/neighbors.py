"""Neighbors of every inequivalent site, with weights that fade out with distance."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pymatgen.optimization.neighbors import find_points_in_spheres

from models.crystal.cell import Cell, Floats, Ints
from models.crystal.symmetry import Idealised
from models.errors import IsolatedAtom
from models.smooth import fade

REACH = 6.0  # A; how far descriptors look
FADE = 1.0  # A; over which weights fall to zero before that
FAR = 4.0  # A; around an atom whose nearest neighbor is farther, all lengths are scaled up
WIDTH = 0.15  # A; of the soft minimum that is the nearest distance
SAME_PLACE = 1e-8  # A; a pair closer than this is one atom and itself
FARTHEST = 10.0  # A; where the search for an isolated atom's neighbors ends


@dataclass(frozen=True)
class Neighbors:
    """Directed pairs from the inequivalent sites, sorted by `center`, to all near atoms.

    `site` [n]: the place of each inequivalent site in the cell; `share` [n]: the fraction of the
    atoms it stands for; `number` [n]: atomic number; `nearest` [n]: soft nearest distance in A.
    Of the pairs: `center`, `neighbor`: inequivalent sites, `distance` in A, `direction`
    [n_pairs, 3]: unit vectors, `weight`: 1, and 0 at the end of the search.
    """

    site: Ints
    share: Floats
    number: Ints
    nearest: Floats
    center: Ints
    neighbor: Ints
    distance: Floats
    direction: Floats
    weight: Floats
    first: Ints

    def total(self, values: Floats) -> Floats:
        """Return the sums over each site's pairs [n, ...] of values [n_pairs, ...]."""
        sums: Floats = np.add.reduceat(values, self.first)
        return sums

    def chosen(self, which: NDArray[np.bool_]) -> "Neighbors":
        """Return the pairs that a mask [n_pairs] chooses, some of every site."""
        center = self.center[which]
        return replace(
            self,
            center=center,
            neighbor=self.neighbor[which],
            distance=self.distance[which],
            direction=self.direction[which],
            weight=self.weight[which],
            first=np.searchsorted(center, np.arange(len(self.site))),
        )


Pairs = tuple[Ints, Ints, Floats, Floats]


def find_neighbors(crystal: Idealised) -> Neighbors:
    """Return all pairs up to 6 A, or farther around an atom whose nearest neighbor is past 4 A.

    Raises IsolatedAtom when an atom has no neighbor within 10 A.
    """
    site, which, counts = np.unique(crystal.orbit, return_inverse=True, return_counts=True)
    pairs = _pairs(crystal.cell, site, REACH)
    farthest = _farthest_nearest(pairs, len(site))
    if farthest > FAR:
        if farthest > REACH:
            farthest = _farthest_nearest(_pairs(crystal.cell, site, FARTHEST), len(site))
        if farthest > FARTHEST:
            raise IsolatedAtom(
                f"An atom has no neighbor within {FARTHEST:g} A; check the cell's lengths, and "
                "send a crystal rather than a molecule in a box."
            )
        pairs = _pairs(crystal.cell, site, REACH * (farthest + WIDTH) / FAR)
    center, neighbor, distance, vector = pairs
    first = np.searchsorted(center, np.arange(len(site)))
    nearest = _soft_nearest(center, distance, first)
    scale = np.maximum(1.0, nearest / FAR)[center]
    weight = fade(distance / scale, REACH - FADE, REACH)
    neighbors = Neighbors(
        site=site,
        share=counts / len(crystal.orbit),
        number=crystal.cell.numbers[site],
        nearest=nearest,
        center=center,
        neighbor=which[neighbor],
        distance=distance,
        direction=vector / distance[:, None],
        weight=weight,
        first=first,
    )
    return neighbors.chosen(weight > 0) if farthest > FAR else neighbors


def _farthest_nearest(pairs: Pairs, n_sites: int) -> float:
    nearest = np.full(n_sites, np.inf)
    np.minimum.at(nearest, pairs[0], pairs[2])
    return float(nearest.max())


def _soft_nearest(center: Ints, distance: Floats, first: Ints) -> Floats:
    closest = np.minimum.reduceat(distance, first)
    weight = np.exp((closest[center] - distance) / WIDTH)
    nearest: Floats = np.add.reduceat(weight * distance, first) / np.add.reduceat(weight, first)
    return nearest


def _pairs(cell: Cell, site: NDArray[np.int64], radius: float) -> Pairs:
    positions = np.ascontiguousarray(cell.positions @ cell.lattice)
    lattice = np.ascontiguousarray(cell.lattice)
    centers = np.ascontiguousarray(positions[site])
    center, neighbor, image, distance = find_points_in_spheres(
        positions, centers, radius, np.ones(3, dtype=np.int64), lattice, SAME_PLACE
    )
    order = np.argsort(center, kind="stable")
    order = order[distance[order] > SAME_PLACE]
    center, neighbor, distance = center[order], neighbor[order], distance[order]
    vector = positions[neighbor] + image[order] @ lattice - centers[center]
    return center, neighbor, distance, vector
