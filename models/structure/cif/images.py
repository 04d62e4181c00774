"""What symmetry operations make of the listed sites: every atom of the cell, once."""

import numpy as np

from models.errors import StructureTooLarge
from models.structure.cif.operations import Operations
from models.structure.cif.sites import Sites, Vectors, check_size

SAME_SITE = 0.02  # A; images of one site that differ by less are one atom
GRID = 10_000  # cells along an edge of the grid on which equal images are found
GRID_SHIFT = 0.271828  # keeps decimal coordinates off the edges of its cells


def all_sites(listed: Sites, operations: Operations, matrix: Vectors, max_sites: int) -> Sites:
    """Return every site of the cell with these lattice vectors [3, 3], in A.

    Raises StructureTooLarge.
    """
    if len(operations) == 1:
        return listed
    return _merged(_expanded(listed, operations, max_sites), matrix)


def _expanded(listed: Sites, operations: Operations, max_sites: int) -> Sites:
    """Return the images of the listed sites, those that fall on one place once.

    Images are told apart on a grid; two that straddle its cells are left to `_merged`.
    """
    check_size(len(listed.numbers), len(operations), max_sites)
    images = np.einsum("oij,sj->soi", operations[:, :, :3], listed.positions)
    images = ((images + operations[:, :, 3]) % 1.0).reshape(-1, 3)
    numbers = np.repeat(listed.numbers, len(operations))
    cells = np.floor(images * GRID + GRID_SHIFT).astype(np.int64) % GRID
    key = ((numbers * GRID + cells[:, 0]) * GRID + cells[:, 1]) * GRID + cells[:, 2]
    first = np.sort(np.unique(key, return_index=True)[1])
    if len(first) > 8 * max_sites:  # one place straddles at most eight cells
        raise StructureTooLarge(
            f"The cell has more than the {max_sites} sites accepted; send the primitive cell."
        )
    return Sites(numbers[first], images[first])


def _merged(sites: Sites, matrix: Vectors) -> Sites:
    """Return the sites without those that lie on an earlier one of the same element."""
    kept = [site for site in range(len(sites.numbers)) if not _is_repeated(sites, site, matrix)]
    return Sites(sites.numbers[kept], sites.positions[kept])


def _is_repeated(sites: Sites, site: int, matrix: Vectors) -> bool:
    """Return whether an earlier site is the same; however dense they are, the work is bounded."""
    earlier = sites.positions[:site][sites.numbers[:site] == sites.numbers[site]]
    apart = earlier - sites.positions[site]
    distance = np.linalg.norm((apart - np.round(apart)) @ matrix, axis=1)
    return bool((distance < SAME_SITE).any())
