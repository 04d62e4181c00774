"""Every atom of the cell, once, from the listed sites and symmetry operations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.structure.cif.sites import Listed, Numbers, Vectors, check_images
from models.structure.cif.symmetry.triplets import Operations
from models.structure.primitive import check_raw_size

SAME_SITE = 0.02  # A; atoms of one element that differ by less are one atom
LONGEST_SNAP = 0.5  # A; images of a site nearer to each other cannot both be atoms
ROUNDED = 1.6  # units of the last decimal that images of a rounded position differ by at most
EXACT = 1e-9  # cells
NOTICED = 5e-4  # cells; a smaller correction of a position is not mentioned
MOST_PAIRS = 250_000  # of atoms whose distances are computed at once
GRID = 10_000  # cells along an edge of the grid on which equal images are found
GRID_SHIFT = 0.271828  # keeps decimal coordinates off the edges of its cells


@dataclass(frozen=True)
class Content:
    """Atoms of the cell: fractional `positions` [n, 3] and the listed `site` [n] of each.

    `snapped`, `merged`: listed sites that were moved to their special position, or left out
    because they are images of earlier ones.
    """

    positions: Vectors
    site: Numbers
    snapped: Numbers
    merged: Numbers


def cell_content(
    listed: Listed, operations: Operations, matrix: Vectors, max_sites: int
) -> Content:
    """Return the atoms of the cell with these lattice vectors [3, 3], in A.

    Raises StructureTooLarge.
    """
    n_listed = len(listed.positions)
    check_images(n_listed, len(operations), max_sites)
    positions, site, kinds = listed.positions, np.arange(n_listed), _kinds(listed)
    tolerance: Vectors = ROUNDED * 10.0 ** -listed.decimals.astype(np.float64)
    snapped = site[:0]
    if len(operations) > 1:
        positions, snapped = _snapped(positions, operations, tolerance, matrix)
        positions, site = _images(positions, operations, kinds)
        check_raw_size(len(site), max_sites)
    repeated = _repeated(positions, kinds[site], tolerance[site], matrix)
    if not repeated.any():
        return Content(positions, site, snapped, site[:0])
    kept = np.flatnonzero(~repeated)
    check_raw_size(len(kept), max_sites)
    return Content(
        positions[kept], site[kept], snapped, np.setdiff1d(np.arange(n_listed), site[kept])
    )


def _snapped(
    positions: Vectors, operations: Operations, tolerance: Vectors, matrix: Vectors
) -> tuple[Vectors, Numbers]:
    """Return the positions moved to the special position that they round, and which were moved.

    The mean of the images of a site that fall on it is invariant to the operations that made them.
    """
    moved = positions
    for _ in range(2):  # the second pass is exact where the first was not
        shifts = np.einsum("oij,sj->soi", operations[:, :, :3], moved) + operations[:, :, 3]
        shifts -= moved[:, None]
        shifts -= np.rint(shifts)
        near = np.abs(shifts).max(axis=2) <= tolerance[:, None]
        near &= np.sqrt(((shifts @ matrix) ** 2).sum(axis=2)) < LONGEST_SNAP
        if np.abs(shifts[near]).max(initial=0.0) < EXACT:
            break
        weight = near / near.sum(axis=1, keepdims=True).clip(min=1)
        moved = moved + np.einsum("so,soi->si", weight, shifts)
    return moved, np.flatnonzero((np.abs(moved - positions) > NOTICED).any(axis=1))


def _images(positions: Vectors, operations: Operations, kinds: Numbers) -> tuple[Vectors, Numbers]:
    """Return the different images [n, 3] of all sites, within the cell, and their sites [n].

    Images of a kind are told apart on a grid; few straddle its lines and are left for later.
    """
    images = np.einsum("oij,sj->soi", operations[:, :, :3], positions) + operations[:, :, 3]
    images = images.reshape(-1, 3) % 1.0
    site = np.repeat(np.arange(len(positions)), len(operations))
    cells = np.floor(images * GRID + GRID_SHIFT).astype(np.int64) % GRID
    key = ((kinds[site] * GRID + cells[:, 0]) * GRID + cells[:, 1]) * GRID + cells[:, 2]
    first = np.sort(np.unique(key, return_index=True)[1])
    return images[first], site[first]


def _repeated(
    positions: Vectors, kinds: Numbers, tolerance: Vectors, matrix: Vectors
) -> NDArray[np.bool_]:
    """Tell of each atom [n] whether it lies on an earlier one of the same kind."""
    repeated = np.zeros(len(kinds), dtype=bool)
    rows = max(1, MOST_PAIRS // len(kinds))
    for start in range(0, len(kinds), rows):
        apart = positions[start : start + rows, None] - positions[None, : start + rows]
        apart -= np.rint(apart)
        distance = np.sqrt(((apart @ matrix) ** 2).sum(axis=2))
        later, earlier = np.nonzero(distance < LONGEST_SNAP)
        pairs = earlier < later + start
        later, earlier = later[pairs], earlier[pairs]
        if not len(later):
            continue
        allowed = np.minimum(tolerance[later + start], tolerance[earlier])
        same = (distance[later, earlier] < SAME_SITE) | (
            np.abs(apart[later, earlier]).max(axis=1) <= allowed
        )
        same &= kinds[later + start] == kinds[earlier]
        repeated[later[same] + start] = True
    return repeated


def _kinds(listed: Listed) -> Numbers:
    """Return a number [n_sites] for the first letters of each name, which tell elements apart."""
    names = zip(listed.symbols, listed.labels, strict=True)
    letters = [(symbol or label)[:2].lower().rstrip("0123456789+-. ") for symbol, label in names]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(letters))}
    return np.array([numbers[name] for name in letters])
