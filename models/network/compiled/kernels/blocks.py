"""MEGNet's blocks for one member of an ensemble, in compiled code.

`w` are the `Prepared` weights, `m` the member, `k` the block, `batch` a `CrystalBatch` and `space`
the `Workspace`, where features are read and written.
"""

from typing import Any

from models.compiling.compiler import TILE_ROWS, inlined, inner
from models.network.compiled.kernels.dense import dense_linear, dense_softplus, to_softplus
from models.network.compiled.kernels.distances import look_up
from models.network.compiled.kernels.rows import (
    add_rows,
    clear,
    collect,
    copy_row,
    gather_pairs,
    spread,
)
from models.network.compiled.kernels.workspace import TILE
from models.network.compiled.layout import ATOM, BOND, STATE

# Places in what the updates concatenate.
CENTER, NEIGHBOR, OWN_BOND, BOND_STATE = range(4)
MEAN_BOND, OWN_ATOM, OWN_STATE = range(3)


@inner
def start_features(w: Any, m: Any, batch: Any, space: Any) -> None:
    """Write the features of atoms and state before the first block."""
    spread(w.atom_in[m], batch.species, space.atoms)
    for crystal in range(len(space.state)):
        copy_row(w.state_in, m, space.state, crystal, 0)


@inlined
def run_block(w: Any, m: Any, k: Any, batch: Any, space: Any) -> None:
    """Replace the features of atoms, bonds and state by those after a block."""
    atoms, state = space.atoms, space.state
    if k:
        atoms, state = space.inner_atoms, space.inner_state
        _feed_forward(w, m, k, ATOM, space.atoms, len(atoms), space.atom_hidden, atoms)
        _feed_forward(w, m, k, STATE, space.state, len(state), space.state_hidden, state)
    _update_bonds(w, m, k, batch, atoms, state, space)
    _update_atoms(w, m, k, batch, atoms, state, space)
    _update_state(w, m, k, batch, state, space)
    add_rows(space.new_atoms, len(space.atoms), space.atoms)
    add_rows(space.new_state, len(space.state), space.state)


@inlined
def _feed_forward(
    w: Any, m: Any, k: Any, part: Any, features: Any, n: Any, hidden: Any, out: Any
) -> None:
    """Write the first n features after the two layers before a block's updates."""
    first, second = w.feed_forward.first, w.feed_forward.second
    kernel, bias = first.kernel[m, k - 1, part], first.bias[m, k - 1, part]
    dense_softplus(features, n, kernel, bias, 0, hidden)
    kernel, bias = second.kernel[m, k - 1, part], second.bias[m, k - 1, part]
    dense_softplus(hidden, n, kernel, bias, 0, out)


@inlined
def _finish(w: Any, m: Any, k: Any, part: Any, hidden: Any, n: Any, second: Any, out: Any) -> None:
    """Write the first n results of an update's second and last layer."""
    layers = w.update
    kernel, bias = layers.second.kernel[m, k, part], layers.second.bias[m, k, part]
    dense_softplus(hidden, n, kernel, bias, 0, second)
    kernel, bias = layers.third.kernel[m, k, part], layers.third.bias[m, k, part]
    dense_linear(second, n, kernel, bias, 0, out)


@inlined
def _update_bonds(w: Any, m: Any, k: Any, batch: Any, atoms: Any, state: Any, space: Any) -> None:
    """Add to the bonds' features; write their means at the atoms."""
    kernels, n_atoms = w.update.bond[m, k], len(atoms)
    dense_linear(
        state, len(state), kernels[BOND_STATE], w.update.bias[m, k, BOND], 0, space.from_state
    )
    spread(space.from_state, batch.atom_crystal, space.center)
    dense_linear(atoms, n_atoms, kernels[CENTER], space.center, 1, space.center)
    dense_linear(atoms, n_atoms, kernels[NEIGHBOR], space.nothing, 0, space.neighbor)
    clear(space.at_atoms)
    for first in range(0, len(batch.distance), TILE):
        _update_tile(w, m, k, batch, first, space)


@inlined
def _update_tile(w: Any, m: Any, k: Any, batch: Any, first: Any, space: Any) -> None:
    """Do so for the bonds from the first on."""
    n = min(TILE, len(batch.distance) - first)
    padded = n + -n % TILE_ROWS
    bonds, hidden, new = space.bonds[first : first + padded], space.tile_hidden, space.tile_narrow
    center, neighbor = batch.center[first : first + n], batch.neighbor[first : first + n]
    gather_pairs(space.center, center, space.neighbor, neighbor, n, hidden)
    if k:
        _feed_forward(w, m, k, BOND, bonds, padded, space.tile_second, new)
        dense_softplus(new, padded, w.update.bond[m, k, OWN_BOND], hidden, 1, hidden)
    else:
        look_up(w.distances, m, batch.distance[first : first + n], bonds, hidden)
        to_softplus(hidden, padded)
    _finish(w, m, k, BOND, hidden, padded, space.tile_second, new)
    add_rows(new, n, bonds)
    collect(new, batch.bond_weight[first : first + n], n, center, space.at_atoms)


@inlined
def _update_atoms(w: Any, m: Any, k: Any, batch: Any, atoms: Any, state: Any, space: Any) -> None:
    """Write the new atoms' features from the mean of their bonds, the atom and the state."""
    kernels, hidden, n = w.update.atom[m, k], space.atom_hidden, len(atoms)
    dense_linear(
        state, len(state), kernels[OWN_STATE], w.update.bias[m, k, ATOM], 0, space.from_state
    )
    spread(space.from_state, batch.atom_crystal, hidden)
    dense_linear(space.at_atoms, n, kernels[MEAN_BOND], hidden, 1, hidden)
    dense_softplus(atoms, n, kernels[OWN_ATOM], hidden, 1, hidden)
    _finish(w, m, k, ATOM, hidden, n, space.center, space.new_atoms)


@inlined
def _update_state(w: Any, m: Any, k: Any, batch: Any, state: Any, space: Any) -> None:
    """Write the new state from the means over a crystal's bonds and atoms, and the state."""
    kernels, hidden, n = w.update.state[m, k], space.state_hidden, len(state)
    clear(space.of_bonds)
    clear(space.of_atoms)
    n_atoms, crystal = len(batch.species), batch.atom_crystal
    collect(space.at_atoms, space.bonds_at_atom, n_atoms, crystal, space.of_bonds)
    collect(space.new_atoms, batch.atom_share, n_atoms, crystal, space.of_atoms)
    dense_linear(state, n, kernels[OWN_STATE], w.update.bias[m, k, STATE], 0, hidden)
    dense_linear(space.of_bonds, n, kernels[MEAN_BOND], hidden, 1, hidden)
    dense_softplus(space.of_atoms, n, kernels[OWN_ATOM], hidden, 1, hidden)
    _finish(w, m, k, STATE, hidden, n, space.from_state, space.new_state)
