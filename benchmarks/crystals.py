"""Crystals to measure with: without symmetry, so that nothing is saved by equivalence."""

import numpy as np
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

VOLUME = 16.0  # A^3 for each atom; about 15 bonds an atom, as in the AFLOW crystals
CLOSEST = 1.9  # A
ELEMENTS = (8, 12, 13, 14, 16, 20, 22, 26, 30, 34, 50)  # that may be as close as this


def crystal(n_atoms: int, seed: int) -> Structure:
    """Return a crystal of this many atoms in random places, none too close to another."""
    rng = np.random.default_rng(seed)
    while True:
        edges = (n_atoms * VOLUME) ** (1 / 3) * rng.uniform(0.9, 1.1, 3)
        lattice = Lattice.from_parameters(*edges, *rng.uniform(80, 100, 3))
        places: list[np.ndarray] = []
        for _ in range(2000 * n_atoms):
            place = rng.random(3)
            if not places or lattice.get_all_distances(places, [place]).min() > CLOSEST:
                places.append(place)
            if len(places) == n_atoms:
                return Structure(lattice, rng.choice(ELEMENTS, n_atoms).tolist(), places)


def crystals(count: int, n_atoms: int) -> list[Structure]:
    """Return this many different crystals."""
    return [crystal(n_atoms, seed) for seed in range(count)]


def cif(structure: Structure) -> str:
    """Return the crystal as pymatgen writes it."""
    return str(CifWriter(structure))
