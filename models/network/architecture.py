"""The network's layers by name: shapes of its weights, and how they start."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Weights = Mapping[str, NDArray[np.float32]]

N_ELEMENTS = 95  # rows of the embedding, by atomic number; row 0 is not used
EMBEDDING = 16
N_GAUSSIANS = 100
GAUSSIAN_WIDTH = 0.5  # A
FARTHEST_GAUSSIAN = 5.0  # A
STATE = 2
N_BLOCKS = 3
WIDTHS = (64, 64, 32)
FEED_FORWARD = (64, 32)
SET2SET = 16
SET2SET_STEPS = 3
READOUT = (32, 16)
LOG_2 = 0.6931471805599453
OVERFLOW = 80.0  # bound of the activation; exp of a little more is beyond single precision
FARTHEST_DESCRIPTOR = 4.0  # standard deviations; beyond, a descriptor counts as this far


@dataclass(frozen=True)
class Architecture:
    """What may differ between ensembles.

    The MLP's hidden layers, its number of outputs, and the number of descriptors that join
    MEGNet's embedding before it.
    """

    mlp: tuple[int, ...] = (450, 350, 350)
    outputs: int = 1
    descriptors: int = 0


def dense_shapes(architecture: Architecture) -> dict[str, tuple[int, int]]:
    """Return the kernel shape (inputs, outputs) of every dense layer by its name.

    Names follow the way through the network: `atom_in`, `bond_in`, `state_in`; in each block
    `atom_ff`, `bond_ff`, `state_ff` (not in the first) and `bond`, `atom`, `state`; then
    `set2set_atom`, `set2set_bond`, `readout`, and `mlp`.
    """
    narrow = FEED_FORWARD[-1]
    stacks: dict[str, tuple[int, ...]] = {
        "atom_in": (EMBEDDING, *FEED_FORWARD),
        "bond_in": (N_GAUSSIANS, *FEED_FORWARD),
        "state_in": (STATE, *FEED_FORWARD),
    }
    for block in range(N_BLOCKS):
        if block:
            for part in ("atom", "bond", "state"):
                stacks[f"block_{block}.{part}_ff"] = (narrow, *FEED_FORWARD)
        stacks[f"block_{block}.bond"] = (4 * narrow, *WIDTHS)
        stacks[f"block_{block}.atom"] = (3 * narrow, *WIDTHS)
        stacks[f"block_{block}.state"] = (3 * narrow, *WIDTHS)
    for part in ("atom", "bond"):
        stacks[f"set2set_{part}.memory"] = (narrow, SET2SET)
        stacks[f"set2set_{part}.lstm"] = (2 * SET2SET, 4 * SET2SET)
    stacks["readout"] = (2 * 2 * SET2SET + narrow, *READOUT)
    stacks["mlp"] = (
        READOUT[-1] + architecture.descriptors,
        *architecture.mlp,
        architecture.outputs,
    )
    return {
        f"{name}.{depth}": (inputs, outputs)
        for name, sizes in stacks.items()
        for depth, (inputs, outputs) in enumerate(pairwise(sizes))
    }


def weight_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight of one member by its name."""
    shapes: dict[str, tuple[int, ...]] = {"embedding": (N_ELEMENTS, EMBEDDING)}
    for name, (inputs, outputs) in dense_shapes(architecture).items():
        shapes[f"{name}.kernel"] = (inputs, outputs)
        shapes[f"{name}.bias"] = (outputs,)
    if architecture.descriptors:
        shapes["descriptors.mean"] = (architecture.descriptors,)
        shapes["descriptors.scale"] = (architecture.descriptors,)
    return shapes


def initial_weights(architecture: Architecture, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return random weights, drawn as Keras (MEGNet) and PyTorch's Linear (the MLP) draw theirs.

    Kernels are Glorot-uniform, the LSTM's recurrent kernel orthogonal with a unit forget bias, the
    embedding uniform in +-0.05; the MLP's kernels and biases uniform in +-1/sqrt(inputs).
    """
    rng = np.random.default_rng(seed)
    weights = {"embedding": rng.uniform(-0.05, 0.05, (N_ELEMENTS, EMBEDDING)).astype(np.float32)}
    for name, shape in dense_shapes(architecture).items():
        kernel, bias = _initial_dense(rng, name, *shape)
        weights[f"{name}.kernel"] = kernel.astype(np.float32)
        weights[f"{name}.bias"] = bias.astype(np.float32)
    if architecture.descriptors:
        weights["descriptors.mean"] = np.zeros(architecture.descriptors, dtype=np.float32)
        weights["descriptors.scale"] = np.ones(architecture.descriptors, dtype=np.float32)
    return weights


def _initial_dense(
    rng: np.random.Generator, name: str, inputs: int, outputs: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if name.startswith("mlp"):
        limit = inputs**-0.5
        return rng.uniform(-limit, limit, (inputs, outputs)), rng.uniform(-limit, limit, outputs)
    if ".lstm." in name:
        normal = rng.standard_normal((outputs, inputs))
        orthogonal, triangle = np.linalg.qr(normal)
        forget = np.arange(outputs) // SET2SET == 1
        return (orthogonal * np.sign(np.diag(triangle))).T, forget.astype(float)
    limit = (6 / (inputs + outputs)) ** 0.5
    return rng.uniform(-limit, limit, (inputs, outputs)), np.zeros(outputs)
