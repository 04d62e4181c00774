"""Weights by name, arranged for compiled code."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.network.architecture import LOG_2, N_BLOCKS, OVERFLOW, STATE
from models.network.compiled.kernels.distances import gaussians_of_points
from models.network.compiled.layout import (
    PADDING,
    PARTS,
    Distances,
    FeedForward,
    Layer,
    Prepared,
    Readout,
    Set2Set,
    Single,
    Update,
    aligned,
)

N_CONCATENATED = {"atom": 3, "bond": 4, "state": 3}
# Of what an update concatenates, in its order, what comes from a softplus where there is one.
ACTIVATED = {"atom": [1, 2], "bond": [0, 1, 2, 3], "state": [2]}
BOND_TO_BOND = 2  # where the bond's own features stand in the update of bonds

Double = NDArray[np.float64]
Weights = Mapping[str, Double]


def prepare(single: Mapping[str, Single]) -> Prepared:
    """Return the weights, each [n_members, *shape of `weight_shapes`], for compiled code."""
    weights = {name: value.astype(float) for name, value in single.items()}
    n_members = len(weights["embedding"])
    update = _update(weights)
    return Prepared(
        distances=_distances(weights),
        atom_in=aligned(_softplus2_stack(weights, "atom_in", weights["embedding"])),
        state_in=aligned(
            _softplus2_stack(weights, "state_in", np.zeros((n_members, 1, STATE)))[:, 0]
        ),
        feed_forward=FeedForward(*(_fed_forward(weights, depth) for depth in (0, 1))),
        update=update,
        set2set=_set2set(weights),
        readout=_readout(weights),
        n_outputs=weights[f"mlp.{_mlp_depth(weights) - 1}.bias"].shape[-1],
    )


def _distances(weights: Weights) -> Distances:
    kernel = weights["block_0.bond.0.kernel"]
    own = np.split(kernel, N_CONCATENATED["bond"], axis=1)[BOND_TO_BOND]
    bonds = _softplus2_stack(weights, "bond_in", gaussians_of_points())
    nothing = np.zeros((1, bonds.shape[-1]))
    return Distances(bonds=aligned(bonds), hidden=aligned(bonds @ own), nothing=aligned(nothing))


def _softplus2_stack(weights: Weights, name: str, features: Double) -> Double:
    """Return the features [n_members, n, width] after two dense layers with softplus2."""
    for depth in (0, 1):
        kernel, bias = (weights[f"{name}.{depth}.{part}"] for part in ("kernel", "bias"))
        hidden = features @ kernel + bias[:, None]
        features = np.log1p(np.exp(np.minimum(hidden, OVERFLOW))) - LOG_2
    return features


def _fed_forward(weights: Weights, depth: int) -> Layer:
    blocks = range(1, N_BLOCKS)
    names = [f"block_{block}.{part}_ff.{depth}" for block in blocks for part in PARTS]
    return _layer(weights, names, (len(blocks), len(PARTS)), activated=depth > 0)


def _update(weights: Weights) -> Update:
    kernels = {part: _first_kernels(weights, part) for part in PARTS}
    biases = [_first_biases(weights, part, kernels[part]) for part in PARTS]
    return Update(
        **{part: aligned(kernel) for part, kernel in kernels.items()},
        bias=aligned(np.stack(biases, axis=2)),
        second=_later_layer(weights, 1),
        third=_later_layer(weights, 2),
    )


def _first_kernels(weights: Weights, part: str) -> Double:
    """Return the first kernels of an update [n_members, N_BLOCKS, n_concatenated, 32, 64]."""
    kernels = np.stack([weights[f"block_{b}.{part}.0.kernel"] for b in range(N_BLOCKS)], axis=1)
    return np.stack(np.split(kernels, N_CONCATENATED[part], axis=2), axis=2)


def _first_biases(weights: Weights, part: str, kernels: Double) -> Double:
    """Return the first biases of an update [n_members, N_BLOCKS, 1, 64]."""
    biases = np.stack([weights[f"block_{b}.{part}.0.bias"] for b in range(N_BLOCKS)], axis=1)
    shift = LOG_2 * kernels[:, :, ACTIVATED[part]].sum(axis=(2, 3))
    shift[:, 0] = 0  # the first block has no layers of its own before
    shifted: Double = (biases - shift)[:, :, None]
    return shifted


def _later_layer(weights: Weights, depth: int) -> Layer:
    names = [f"block_{block}.{part}.{depth}" for block in range(N_BLOCKS) for part in PARTS]
    return _layer(weights, names, (N_BLOCKS, len(PARTS)), activated=True)


def _set2set(weights: Weights) -> Set2Set:
    names = ("set2set_atom", "set2set_bond")
    lstm = _layer(weights, [f"{name}.lstm.0" for name in names], (2,), activated=False)
    return Set2Set(
        memory=_layer(weights, [f"{name}.memory.0" for name in names], (2,), activated=False),
        lstm=lstm,
        first=aligned(_lstm_of_bias(lstm.bias.astype(float))),
    )


def _lstm_of_bias(bias: Double) -> Double:
    """Return what the LSTM gives for no query."""
    gate_in, _, candidate, gate_out = np.split(bias, 4, axis=-1)
    cell = _hard_sigmoid(gate_in) * np.tanh(candidate)
    return _hard_sigmoid(gate_out) * np.tanh(cell)


def _hard_sigmoid(values: Double) -> Double:
    return np.clip(0.2 * values + 0.5, 0, 1)


def _readout(weights: Weights) -> Readout:
    numbers, widths = _mlp(weights)
    none = np.zeros((len(numbers), 0))
    return Readout(
        first=_layer(weights, ["readout.0"], (), activated=False),
        second=_layer(weights, ["readout.1"], (), activated=True),
        mean=aligned(weights.get("descriptors.mean", none)),
        scale=aligned(weights.get("descriptors.scale", none)),
        mlp=aligned(numbers),
        widths=widths,
    )


def _mlp(weights: Weights) -> tuple[Double, NDArray[np.int64]]:
    """Return the MLP's numbers [n_members, n_numbers], padded with zeros, and its widths."""
    widths = [weights["mlp.0.kernel"].shape[1]]
    numbers = []
    for depth in range(_mlp_depth(weights)):
        kernel, bias = weights[f"mlp.{depth}.kernel"], weights[f"mlp.{depth}.bias"]
        missing = -kernel.shape[-1] % PADDING
        rows = widths[-1] - kernel.shape[1]
        kernel = np.pad(kernel, ((0, 0), (0, rows), (0, missing)))
        bias = np.pad(bias, ((0, 0), (0, missing)))
        numbers += [kernel.reshape(len(kernel), -1), bias]
        widths.append(kernel.shape[-1])
    return np.concatenate(numbers, axis=1), np.array(widths)


def _mlp_depth(weights: Weights) -> int:
    return sum(name.startswith("mlp.") and name.endswith(".kernel") for name in weights)


def _layer(
    weights: Weights, names: Sequence[str], shape: tuple[int, ...], *, activated: bool
) -> Layer:
    """Return the layers of these names as one, with the axes `shape` after the members'.

    Where the inputs are `activated`, they come from a softplus that should be a softplus2.
    """
    kernel = np.stack([weights[f"{name}.kernel"] for name in names], axis=1)
    bias = np.stack([weights[f"{name}.bias"] for name in names], axis=1)[:, :, None]
    if activated:
        bias = bias - LOG_2 * kernel.sum(axis=2, keepdims=True)
    n_members = len(kernel)
    return Layer(*(aligned(x.reshape(n_members, *shape, *x.shape[2:])) for x in (kernel, bias)))
