"""Conversion of a member's weights to and from one flat vector."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Shapes = Mapping[str, tuple[int, ...]]


def pack(weights: Mapping[str, NDArray[np.float32]], shapes: Shapes) -> NDArray[np.float32]:
    """Return the weights as one vector, in the order of `shapes`."""
    return np.concatenate([weights[name].ravel() for name in shapes])


def unpack(vector: tf.Tensor, shapes: Shapes) -> dict[str, tf.Tensor]:
    """Return the vector's parts by name, each [1, *shape]: the weights of one member."""
    sizes = [int(np.prod(shape)) for shape in shapes.values()]
    parts = tf.split(vector, sizes)
    return {
        name: tf.reshape(part, (1, *shape))
        for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }


def to_weights(vector: NDArray[np.float32], shapes: Shapes) -> dict[str, NDArray[np.float32]]:
    """Return the vector's parts by name as arrays of their own shape: the inverse of `pack`."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    return {
        name: part.reshape(shape)
        for (name, shape), part in zip(shapes.items(), np.split(vector, ends[:-1]), strict=True)
    }
