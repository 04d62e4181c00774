"""Memory that one call of the compiled forward pass works in."""

from typing import Any, NamedTuple

import numpy as np

from models.compiling.compiler import TILE_ROWS, inlined, inner

TILE = 16 * TILE_ROWS  # bonds whose features stay in the nearest cache
SPARE = TILE_ROWS - 1  # rows after the last, which a tile may reach over
NARROW, WIDE, READ, MEMORY = 32, 64, 96, 16


class Workspace(NamedTuple):
    """Features of atoms, of bonds (and rows to spare), of crystals, and of a tile of bonds.

    `nothing`: a bias of zero. `bonds_at_atom` [n_atoms]: of a crystal's bonds, the fraction at each
    atom.
    """

    atoms: Any
    inner_atoms: Any
    center: Any
    neighbor: Any
    atom_hidden: Any
    at_atoms: Any
    new_atoms: Any
    bonds_at_atom: Any
    bonds: Any
    state: Any
    inner_state: Any
    from_state: Any
    state_hidden: Any
    of_bonds: Any
    of_atoms: Any
    new_state: Any
    memory: Any
    energy: Any
    query: Any
    gates: Any
    pooled: Any
    tile_hidden: Any
    tile_second: Any
    tile_narrow: Any
    nothing: Any


@inner
def make_workspace(batch: Any, n_crystals: Any) -> Any:
    """Return memory for a batch, zero where it is read before it is written."""
    n_atoms, n_bonds = len(batch.species), len(batch.distance)
    n_entries = max(n_atoms, n_bonds)
    bonds = _rows(n_bonds + SPARE, NARROW)
    for b in range(n_bonds, n_bonds + SPARE):
        for i in range(NARROW):
            bonds[b, i] = 0
    return Workspace(
        _rows(n_atoms, NARROW),
        _rows(n_atoms, NARROW),
        _rows(n_atoms, WIDE),
        _rows(n_atoms, WIDE),
        _rows(n_atoms, WIDE),
        _rows(n_atoms, NARROW),
        _rows(n_atoms, NARROW),
        _bonds_at_atom(batch),
        bonds,
        _rows(n_crystals, NARROW),
        _rows(n_crystals, NARROW),
        _rows(n_crystals, WIDE),
        _rows(n_crystals, WIDE),
        _rows(n_crystals, NARROW),
        _rows(n_crystals, NARROW),
        _rows(n_crystals, NARROW),
        _rows(n_entries, MEMORY),
        np.empty(n_entries, dtype=np.float32),
        _rows(n_crystals, NARROW),
        _rows(n_crystals, WIDE),
        _rows(n_crystals, READ),
        np.zeros((TILE, WIDE), dtype=np.float32),
        np.zeros((TILE, WIDE), dtype=np.float32),
        np.zeros((TILE, NARROW), dtype=np.float32),
        np.zeros((1, WIDE), dtype=np.float32),
    )


@inner
def _bonds_at_atom(batch: Any) -> Any:
    total = np.zeros(len(batch.species), dtype=np.float32)
    for b in range(len(batch.center)):
        total[batch.center[b]] += batch.bond_share[b]
    return total


@inlined
def _rows(n: Any, width: Any) -> Any:
    return np.empty((n, width), dtype=np.float32)
