"""The network in TensorFlow, ready to predict: the reference of what serves."""

from functools import lru_cache
from typing import Any

import tensorflow as tf

from models.network.architecture import Weights
from models.network.arrays import Single
from models.network.batch import CrystalBatch
from models.network.forward import Tensors, embed_crystals, prepare, read_out
from models.network.tensors import BATCH_SIGNATURE


class ReferenceNetwork:
    """The network of all members; may be used from any thread."""

    def __init__(self, weights: Weights) -> None:
        self._weights = prepare({name: tf.constant(value) for name, value in weights.items()})
        shapes = {name: tuple(value.shape) for name, value in self._weights.items()}
        self._network = _network(tuple(shapes.items()))

    def __call__(self, batch: CrystalBatch) -> tuple[Single, Single]:
        """Return targets [n_members, n_crystals, n_outputs] and embeddings [.., .., 16]."""
        tensors = CrystalBatch(*map(tf.constant, batch))
        targets, embeddings = self._network(self._weights, tensors)
        return targets.numpy(), embeddings.numpy()


@lru_cache(maxsize=8)
def _network(shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> Any:
    """Return the traced network for prepared weights of these shapes.

    Tracing it takes a second: ensembles of one architecture share it, with the weights as inputs.
    """
    weights = {name: tf.TensorSpec(shape, tf.float32) for name, shape in shapes}

    def outputs(weights: Tensors, batch: CrystalBatch) -> tuple[tf.Tensor, tf.Tensor]:
        embeddings = embed_crystals(weights, batch)
        return read_out(weights, embeddings, batch), embeddings

    signature = [weights, BATCH_SIGNATURE]
    # The concrete function does not check its many inputs at every call.
    return tf.function(outputs, input_signature=signature).get_concrete_function()
