"""Look-up of the sites of a cell that lie near a point."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pymatgen.optimization.neighbors import find_points_in_spheres

from models.crystal.cell import Cell, Floats, Ints

MANY = 50  # sites, from which a table is faster than comparing with all of them
VOXEL = 1.0  # A; about the edge of the table's voxels
SAME_PLACE = 1e-8  # A
_CORNERS = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3), axis=-1).reshape(-1, 3)


@dataclass(frozen=True)
class NearSites:
    """The sites near each of the `shape` [3] voxels of a cell: `table` [n_voxels, k].

    A voxel's sites are near all fractional positions in it.
    """

    shape: Ints
    table: Ints

    def __len__(self) -> int:
        """Return how many sites a point is compared with."""
        return int(self.table.shape[1])


def near_sites(cell: Cell, sites: Ints, radius: float) -> NearSites:
    """Return which of some sites are within `radius` in A of the points of a cell, and maybe more.

    From `MANY` sites by a table of voxels: comparing each image with each site takes minutes for
    500 atoms of one element.
    """
    if len(sites) < MANY:
        return NearSites(np.ones(3, dtype=np.int64), sites[None])
    shape = np.maximum(1, np.rint(_heights(cell) / VOXEL)).astype(np.int64)
    corners = _CORNERS @ (cell.lattice / shape[:, None])
    reach = radius + float(np.linalg.norm(corners, axis=1).max())
    voxel, site = _within(cell, sites, shape, reach)
    first = np.searchsorted(voxel, np.arange(shape.prod()))
    counts = np.diff(first, append=len(voxel))
    table = np.full((len(first), max(1, counts.max())), sites[0])
    table[voxel, np.arange(len(voxel)) - first[voxel]] = site
    return NearSites(shape, table)


def _heights(cell: Cell) -> Floats:
    """Return the distances [3] in A between opposite faces of a cell."""
    heights: Floats = 1 / np.linalg.norm(np.linalg.inv(cell.lattice), axis=0)
    return heights


def _within(cell: Cell, sites: Ints, shape: Ints, reach: float) -> tuple[Ints, Ints]:
    """Return voxels and sites, sorted, whose center and some image are within `reach` in A."""
    centers = (np.stack(np.unravel_index(np.arange(shape.prod()), shape), axis=1) + 0.5) / shape
    lattice = np.ascontiguousarray(cell.lattice)
    voxel, index, _, _ = find_points_in_spheres(
        np.ascontiguousarray(cell.positions[sites] @ lattice),
        np.ascontiguousarray(centers @ lattice),
        reach,
        np.ones(3, dtype=np.int64),
        lattice,
        SAME_PLACE,
    )
    pairs: NDArray[np.int64] = np.unique(voxel.astype(np.int64) * len(sites) + index)
    return pairs // len(sites), sites[pairs % len(sites)]
