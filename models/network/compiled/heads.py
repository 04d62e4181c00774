"""The heads of all members in one call, outside the interpreter's lock.

The twin of `models.network.heads.HeadPredictor`, tested equal to it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.compiling.compiler import entry, inner
from models.cores import split_work
from models.network.compiled.kernels.dense import dense_linear, dense_silu, to_silu
from models.network.compiled.kernels.rows import copy_row
from models.network.compiled.layout import Layer, Single, aligned, padded
from models.network.heads import METHODS, HeadOutputs, Heads, head_outputs
from models.network.standardise import DescriptorScale, standardise

STRIP = 64  # outputs


class HeadLayers(NamedTuple):
    """Three layers of each head: kernels [n_members, n_heads, inputs, width], and biases.

    The first is cut into strips of its outputs, each in one piece in memory, which a crystal alone
    waits for: [n_members, n_heads, n_strips, inputs, STRIP]. The second is cut alike by its inputs.
    """

    first: Layer
    second: Layer
    third: Layer


class CompiledHeads:
    """Heads ready to predict; may be used from any thread."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._scale = DescriptorScale(heads.center, heads.scale, heads.curves)
        self._layers = HeadLayers(
            _in_strips(heads.kernel_0, heads.bias_0),
            Layer(aligned(_cut(heads.kernel_1)), _bias(heads.bias_1)),
            Layer(aligned(padded(heads.kernel_2, (-2, -1))), _bias(heads.bias_2)),
        )

    def __call__(
        self, descriptors: Single, embeddings: Single, methods: NDArray[np.int64]
    ) -> HeadOutputs:
        """Return log10 of the LTC; arguments as of `HeadPredictor`."""
        heads = self._heads
        inputs = self._scale(descriptors)
        embedded = standardise(embeddings, heads.embedding_center, heads.embedding_scale)
        one_hot = (methods[:, None] == np.arange(len(METHODS))).astype(np.float32)
        features = np.concatenate([inputs, embedded[:, 0], one_hot], axis=1)
        embedded, place = np.ascontiguousarray(embedded), inputs.shape[1]
        by_head = split_work(
            lambda first, end: run_heads(self._layers, features, embedded, place, first, end),
            embedded.shape[1],
            alone=len(inputs) == 1,
        )
        return head_outputs(heads, np.concatenate(by_head))


def _in_strips(kernel: Single, bias: Single) -> Layer:
    outputs = padded(np.concatenate([kernel, bias[..., None, :]], axis=-2), (-1,), STRIP)
    strips = outputs.reshape(*outputs.shape[:-1], -1, STRIP)
    strips = np.moveaxis(strips, -2, -3)
    return Layer(aligned(strips[..., :-1, :]), aligned(strips[..., -1:, :]))


def _cut(kernel: Single) -> NDArray[np.floating]:
    filled = padded(padded(kernel, (-2,), STRIP), (-1,))
    return filled.reshape(*filled.shape[:2], -1, STRIP, filled.shape[-1])


def _bias(bias: Single) -> Single:
    return aligned(padded(bias, (-1,))[..., None, :])


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
    _, n_heads, n_strips, _, _ = layers.first.kernel.shape
    out = np.empty((n_members, n_heads, n_crystals), dtype=np.float32)
    hidden = np.empty((n_crystals, STRIP), dtype=np.float32)
    second = np.empty((n_crystals, layers.second.kernel.shape[4]), dtype=np.float32)
    third = np.empty((n_crystals, layers.third.kernel.shape[3]), dtype=np.float32)
    for m in range(first, end):
        for row in range(n_crystals):
            for i in range(width):
                features[row, place + i] = embedded[row, m, i]
        for h in range(n_heads):
            _start(layers.second.bias[m, h], second)
            for s in range(n_strips):
                kernel, bias = layers.first.kernel[m, h, s], layers.first.bias[m, h, s]
                dense_silu(features, n_crystals, kernel, bias, 0, hidden)
                kernel = layers.second.kernel[m, h, s]
                dense_linear(hidden, n_crystals, kernel, second, 1, second)
            to_silu(second, n_crystals)
            layer = layers.third
            dense_linear(second, n_crystals, layer.kernel[m, h], layer.bias[m, h], 0, third)
            for row in range(n_crystals):
                out[m - first, h, row] = third[row, 0]
    return out


@inner
def _start(bias: Any, rows: Any) -> None:
    """Write the bias to all rows."""
    for row in range(len(rows)):
        copy_row(bias, 0, rows, row, 0)
