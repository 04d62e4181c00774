"""Initial weights of a member."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.network.architecture import (
    SET2SET,
    Architecture,
    dense_shapes,
    initial_weights,
    weight_shapes,
)
from models.network.transform import TargetTransform
from training.config import Initialiser
from training.fit.context import MemberContext
from training.fit.megnet.keras_weights import read_megnet_weights
from training.fit.network.optimiser import Vector
from training.fit.network.parameters import pack, to_weights
from training.stages import MEGNET

WeightArrays = dict[str, NDArray[np.float32]]


def start_weights(context: MemberContext, transform: TargetTransform) -> Vector:
    """Return the weights that a member starts from; `transform` is that of its first output."""
    preset, parent = context.preset, context.parent
    shapes = weight_shapes(preset.architecture)
    if parent:
        if preset.loss.kind == "log":
            return parent.weights
        weights = to_weights(parent.weights, shapes)
        return pack(rescale_output(weights, parent.transform, transform), shapes)
    if context.stage.start == MEGNET:
        weights = megnet_start(preset.architecture, context.seed, context.megnet_weights)
    else:
        weights = random_start(preset.architecture, context.seed, preset.initialiser)
    if preset.descriptors:
        center, scale = context.data.descriptor_scale()
        weights |= {"descriptors.mean": center, "descriptors.scale": scale}
    return pack(weights, shapes)


def random_start(
    architecture: Architecture, seed: int, initialiser: Initialiser = "keras"
) -> WeightArrays:
    """Return random weights for the whole network, drawn as a library draws them.

    `keras`, as the first MEGNet: `initial_weights`. `pytorch`, as matgl's MEGNet: kernels and
    biases are uniform in +-1/sqrt(inputs), the LSTM's in +-1/sqrt(units), the embedding normal.
    """
    weights = initial_weights(architecture, seed)
    if initialiser == "keras":
        return weights
    rng = np.random.default_rng(seed)
    weights["embedding"] = rng.standard_normal(weights["embedding"].shape).astype(np.float32)
    for name, (inputs, outputs) in dense_shapes(architecture).items():
        limit = (SET2SET if ".lstm." in name else inputs) ** -0.5
        for part, shape in (("kernel", (inputs, outputs)), ("bias", (outputs,))):
            weights[f"{name}.{part}"] = rng.uniform(-limit, limit, shape).astype(np.float32)
    return weights


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
