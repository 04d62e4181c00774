"""Work and memory for the largest cells that are accepted."""

import time
import tracemalloc

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from models.crystal.crystal import Crystal
from models.descriptors.describe import describe

MOST_SECONDS = 5.0  # of processor time; they take about 0.1 to 0.5 s
MOST_BYTES = 300e6
FCC = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.05), ["Al"], [[0, 0, 0]])


def without_symmetry(n_sites: int, symbols: list[str]) -> Structure:
    """Return sites near those of a simple cubic lattice, 2.6 A apart."""
    rng = np.random.default_rng(n_sites)
    grid = np.stack(np.meshgrid(*[np.arange(8)] * 3), axis=-1).reshape(-1, 3)[:n_sites]
    positions = (grid + rng.uniform(-0.2, 0.2, grid.shape)) / 8
    return Structure(Lattice.cubic(8 * 2.6), rng.choice(symbols, n_sites).tolist(), positions)


def with_a_vacancy(cells: int) -> Structure:
    """Return aluminium without one atom: every operation but the right ones fails at one atom."""
    crystal = FCC * (cells, cells, cells)
    crystal.remove_sites([0])
    return crystal


CELLS = {
    "500 sites of three elements": (without_symmetry(500, ["O", "Si", "Na"]), 500),
    "500 sites of one element": (without_symmetry(500, ["Si"]), 500),
    "426 sites": (without_symmetry(426, ["Si", "O"]), 426),
    "supercell of 500": (FCC * (5, 5, 5), 1),
    "255 sites and a vacancy": (with_a_vacancy(4), 255),
}


@pytest.mark.parametrize(("structure", "n_primitive"), CELLS.values(), ids=CELLS)
def test_a_large_cell_takes_seconds_at_most_and_little_memory(structure, n_primitive):
    tracemalloc.start()
    start = time.process_time()
    crystal = Crystal.of(structure)
    assert np.isfinite(describe(crystal)).all()
    assert crystal.structure_type
    assert len(crystal.fingerprint) == 32
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert round(crystal.symmetry.n_primitive) == n_primitive
    assert seconds < MOST_SECONDS
    assert peak < MOST_BYTES


def test_one_vacancy_leaves_the_point_group_of_the_cell():
    assert Crystal.of(with_a_vacancy(3)).symmetry.operations == pytest.approx(48)
