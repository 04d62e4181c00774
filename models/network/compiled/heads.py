"""The heads of all members in one call, outside the interpreter's lock.

The twin of `models.network.heads.HeadPredictor`, tested equal to it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.cores import split_members
from models.network.compiled.compiler import entry
from models.network.compiled.dense import dense_linear, dense_silu
from models.network.compiled.layout import Layer, Single, aligned, padded
from models.network.heads import METHODS, HeadOutputs, Heads, head_outputs
from models.network.standardise import standardise


class HeadLayers(NamedTuple):
    """Three layers of each head: kernels [n_members, n_heads, inputs, width], and biases."""

    first: Layer
    second: Layer
    third: Layer


class CompiledHeads:
    """Heads ready to predict; may be used from any thread."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._layers = HeadLayers(
            _layer(heads.kernel_0, heads.bias_0),
            _layer(heads.kernel_1, heads.bias_1),
            _layer(heads.kernel_2, heads.bias_2),
        )

    def __call__(
        self, descriptors: Single, embeddings: Single, methods: NDArray[np.int64]
    ) -> HeadOutputs:
        """Return log10 of the LTC; arguments as of `HeadPredictor`."""
        heads = self._heads
        inputs = standardise(descriptors, heads.center, heads.scale)
        embedded = standardise(embeddings, heads.embedding_center, heads.embedding_scale)
        one_hot = (methods[:, None] == np.arange(len(METHODS))).astype(np.float32)
        features = np.concatenate([inputs, embedded[:, 0], one_hot], axis=1)
        embedded, place = np.ascontiguousarray(embedded), inputs.shape[1]
        by_head = split_members(
            lambda first, end: run_heads(self._layers, features, embedded, place, first, end),
            embedded.shape[1],
            alone=len(inputs) == 1,
        )
        return head_outputs(heads, np.concatenate(by_head))


def _layer(kernel: Single, bias: Single) -> Layer:
    # The first layer's kernel gets rows that no input meets; later ones meet zeros there.
    return Layer(aligned(padded(kernel, (-2, -1))), aligned(padded(bias, (-1,))[..., None, :]))


@entry
def run_heads(
    layers: HeadLayers, inputs: Any, embedded: Any, place: Any, first: Any, end: Any
) -> Any:
    """Return the outputs [n_members, n_heads, n_crystals] of the heads.

    Of the members from `first` up to `end`. `inputs` [n_crystals, n_inputs]: those of the first
    layer; `embedded` [n_crystals, n_members, width], standardised embeddings, take their `place`
    among them member by member.
    """
    n_crystals, _, width = embedded.shape
    n_members, features = end - first, inputs.copy()
    n_heads = layers.first.kernel.shape[1]
    out = np.empty((n_members, n_heads, n_crystals), dtype=np.float32)
    hidden = np.empty((n_crystals, layers.first.kernel.shape[3]), dtype=np.float32)
    second = np.empty((n_crystals, layers.second.kernel.shape[3]), dtype=np.float32)
    third = np.empty((n_crystals, layers.third.kernel.shape[3]), dtype=np.float32)
    for m in range(first, end):
        for row in range(n_crystals):
            for i in range(width):
                features[row, place + i] = embedded[row, m, i]
        for h in range(n_heads):
            layer = layers.first
            dense_silu(features, n_crystals, layer.kernel[m, h], layer.bias[m, h], 0, hidden)
            layer = layers.second
            dense_silu(hidden, n_crystals, layer.kernel[m, h], layer.bias[m, h], 0, second)
            layer = layers.third
            dense_linear(second, n_crystals, layer.kernel[m, h], layer.bias[m, h], 0, third)
            for row in range(n_crystals):
                out[m - first, h, row] = third[row, 0]
    return out
