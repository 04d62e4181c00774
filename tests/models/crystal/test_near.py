"""The table of near sites, against comparing with all sites."""

import numpy as np
import pytest

from models.crystal.cell import Cell
from models.crystal.near import MANY, near_sites

RADIUS = 1.2
CELLS = {
    "cube": np.eye(3) * 9.0,
    "sheared": np.array([[9.0, 0, 0], [4, 8, 0], [-3, 2, 10]]),
    "needle": np.diag([1.3, 1.3, 300.0]),
}


def near_points(near, points):
    """Return the sites near the voxels that fractional points lie in."""
    voxel = np.minimum(np.floor((points - np.floor(points)) * near.shape), near.shape - 1)
    return near.table[np.ravel_multi_index(voxel.astype(int).T, near.shape)]


@pytest.mark.parametrize("lattice", CELLS.values(), ids=CELLS)
def test_all_sites_within_the_radius_are_among_the_near_ones(lattice):
    rng = np.random.default_rng(5)
    n_sites = 2 * MANY
    cell = Cell(lattice, rng.random((n_sites, 3)) * 3 - 1, np.full(n_sites, 14))
    points = np.concatenate([rng.random((100, 3)) * 4 - 2, [[0, 0, 0], [-1e-17, 1, 0.5]]])
    sites = np.arange(1, n_sites)
    near = near_points(near_sites(cell, sites, RADIUS), points)
    assert near.shape[1] < n_sites / 2
    apart = points[:, None] - cell.positions[sites]
    images = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 1, 3)
    vectors = (apart - np.rint(apart))[:, :, None, None] + images[None, None]
    distances = np.linalg.norm(vectors @ lattice, axis=-1).min(axis=(2, 3))
    for row, found in zip(distances, near, strict=True):
        assert set(sites[row < RADIUS]) <= set(found)


def test_few_sites_are_all_near():
    cell = Cell(np.eye(3) * 9.0, np.random.default_rng(1).random((9, 3)), np.full(9, 14))
    sites = np.array([2, 5, 7])
    near = near_sites(cell, sites, RADIUS)
    assert near.shape.tolist() == [1, 1, 1]
    assert near.table.tolist() == [[2, 5, 7]]
