"""The forward pass of all members of an ensemble in one call, outside the interpreter's lock.

The twin of `models.network.forward` for serving, tested equal to it. A crystal's answer is the same
to the last digit whatever crystals it is computed with.
"""

from typing import Any

import numpy as np

from models.compiling.compiler import entry, inlined, inner
from models.cores import split_work
from models.network.architecture import FARTHEST_DESCRIPTOR, LOG_2, N_BLOCKS, Weights
from models.network.batch import CrystalBatch
from models.network.compiled.kernels.blocks import run_block, start_features
from models.network.compiled.kernels.dense import dense_linear, dense_relu, dense_softplus
from models.network.compiled.kernels.rows import copy_row, copy_rows
from models.network.compiled.kernels.set2set import pool
from models.network.compiled.kernels.workspace import MEMORY, NARROW, make_workspace
from models.network.compiled.layout import Prepared, Single
from models.network.compiled.prepare import prepare

LOG2 = np.float32(LOG_2)
SPLIT = 100  # bonds of a crystal that several cores share
FARTHEST = np.float32(FARTHEST_DESCRIPTOR)


class CompiledNetwork:
    """The network of all members, ready to predict; may be used from any thread."""

    def __init__(self, weights: Weights) -> None:
        self._prepared = prepare(weights)

    def __call__(self, batch: CrystalBatch) -> tuple[Single, Single]:
        """Return targets [n_members, n_crystals, n_outputs] and embeddings [.., .., 16]."""
        n_members = len(self._prepared.state_in)
        targets, embeddings = zip(
            *split_work(
                lambda first, end: forward(self._prepared, batch, first, end),
                n_members,
                alone=len(batch.descriptors) == 1 and len(batch.distance) >= SPLIT,
            ),
            strict=True,
        )
        return np.concatenate(targets), np.concatenate(embeddings)


@entry
def forward(w: Prepared, batch: Any, first: Any, end: Any) -> tuple[Single, Single]:
    """Return outputs [n_members, n_crystals, n_outputs] and embeddings [n_members, n_crystals, 16].

    Of the members from `first` up to `end`. Outputs are standardised targets.
    """
    n_crystals, n_members = len(batch.descriptors), end - first
    outputs = np.empty((n_members, n_crystals, w.n_outputs), dtype=np.float32)
    embeddings = np.empty((n_members, n_crystals, MEMORY), dtype=np.float32)
    first_atom = _starts(batch.atom_crystal, n_crystals)
    first_bond = _starts(batch.bond_crystal, n_crystals)
    space = make_workspace(batch, n_crystals)
    for m in range(first, end):
        start_features(w, m, batch, space)
        for k in range(N_BLOCKS):
            run_block(w, m, k, batch, space)
        _pool_all(w, m, batch, first_atom, first_bond, space)
        place = m - first
        embed(w.readout, m, space, embeddings[place])
        read_out(w.readout, m, embeddings[place], batch.descriptors, outputs[place])
    return outputs, embeddings


@inner
def _starts(crystal: Any, n_crystals: Any) -> Any:
    """Return where each crystal's entries begin, and the end [n_crystals + 1]."""
    starts = np.zeros(n_crystals + 1, dtype=np.int64)
    for index in crystal:
        starts[index + 1] += 1
    for index in range(n_crystals):
        starts[index + 1] += starts[index]
    return starts


@inlined
def _pool_all(w: Any, m: Any, batch: Any, first_atom: Any, first_bond: Any, space: Any) -> None:
    """Write what is read of atoms and bonds, and the state, side by side."""
    pool(w.set2set, m, 0, space.atoms, batch.atom_share, first_atom, space)
    copy_rows(space.query, space.pooled, 0)
    pool(w.set2set, m, 1, space.bonds, batch.bond_share, first_bond, space)
    copy_rows(space.query, space.pooled, NARROW)
    copy_rows(space.state, space.pooled, 2 * NARROW)


@inlined
def embed(layers: Any, m: Any, space: Any, embedding: Any) -> None:
    """Write the last hidden layer [n_crystals, 16] for `space.pooled`."""
    hidden = np.empty((len(embedding), NARROW), dtype=np.float32)
    first, second = layers.first, layers.second
    dense_softplus(space.pooled, len(embedding), first.kernel[m], first.bias[m], 0, hidden)
    dense_softplus(hidden, len(embedding), second.kernel[m], second.bias[m], 0, embedding)
    for row in range(len(embedding)):
        for i in range(MEMORY):
            embedding[row, i] -= LOG2


@inlined
def read_out(layers: Any, m: Any, embedding: Any, descriptors: Any, out: Any) -> None:
    """Write the outputs [n_crystals, n_outputs] for embeddings and descriptors."""
    features = _join(embedding, descriptors, layers.mean[m], layers.scale[m])
    widths, at = layers.widths, 0
    for depth in range(len(widths) - 1):
        rows, width = widths[depth], widths[depth + 1]
        end = at + rows * width
        kernel = layers.mlp[m, at:end].reshape((rows, width))
        bias = layers.mlp[m, end : end + width].reshape((1, width))
        at = end + width
        result = np.empty((len(features), width), dtype=np.float32)
        if depth < len(widths) - 2:
            dense_relu(features, len(features), kernel, bias, 0, result)
        else:
            dense_linear(features, len(features), kernel, bias, 0, result)
        features = result
    for row in range(len(out)):
        for i in range(out.shape[1]):
            out[row, i] = features[row, i]


@inner
def _join(embedding: Any, descriptors: Any, mean: Any, scale: Any) -> Any:
    """Return embeddings and standardised descriptors side by side."""
    joined = np.empty((len(embedding), MEMORY + len(mean)), dtype=np.float32)
    for row in range(len(joined)):
        copy_row(embedding, row, joined, row, 0)
        for i in range(len(mean)):
            value = (descriptors[row, i] - mean[i]) / scale[i]
            bounded = min(max(value, -FARTHEST), FARTHEST)
            joined[row, MEMORY + i] = bounded
    return joined
