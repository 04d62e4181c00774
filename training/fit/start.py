"""The weights a member starts from."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.network.architecture import Architecture, initial_weights
from models.network.transform import TargetTransform
from training.fit.megnet_weights import read_megnet_weights

WeightArrays = dict[str, NDArray[np.float32]]


def random_start(architecture: Architecture, seed: int) -> WeightArrays:
    """Return random weights for the whole network: stage 1."""
    return initial_weights(architecture, seed)


def megnet_start(architecture: Architecture, seed: int, path: Path) -> WeightArrays:
    """Return MEGNet's published weights with a random MLP in place of its output layer: stage 2."""
    published = read_megnet_weights(path)
    trunk = {name: value for name, value in published.items() if not name.startswith("mlp.")}
    return initial_weights(architecture, seed) | trunk


def rescale_output(
    weights: WeightArrays, old: TargetTransform, new: TargetTransform
) -> WeightArrays:
    """Return weights that predict the same LTC through `new` as before through `old`."""
    depth = max(int(name.split(".")[1]) for name in weights if name.startswith("mlp."))
    last, bias = f"mlp.{depth}.kernel", f"mlp.{depth}.bias"
    scale = old.std / new.std
    shift = (old.mean - new.mean) / new.std
    return weights | {
        last: (weights[last] * scale).astype(np.float32),
        bias: (weights[bias] * scale + shift).astype(np.float32),
    }
