"""Heads: small MLPs for log10(LTC) on MEGNet's embedding and the descriptors.

A member has several heads and answers with their mean: they differ in their random start and
dropout alone, and one of them varies by several per cent from one training to the next.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.network.architecture import READOUT
from models.network.arrays import MemberArrays, Single
from models.network.standardise import N_GRID, DescriptorScale, standardise

EMBEDDING = READOUT[-1]
METHODS = ("ltc_phono3py", "ltc_half_heusler")  # of references; each is an input of the heads


@dataclass(frozen=True)
class Heads(MemberArrays):
    """Weights of all members' heads; arrays of single precision.

    `center`, `scale` [n_descriptors] and `curves` [n_descriptors, N_GRID] map the descriptors (see
    `DescriptorScale`), `embedding_center`, `embedding_scale` [n_members, 16] standardise the
    embeddings. Of each head: `kernel_i` [n_members, n_heads, inputs, outputs] and `bias_i`
    [n_members, n_heads, outputs] of three layers; the inputs are descriptors, embedding and one for
    each method of a reference. `mean`, `std` [n_members]: of log10(LTC in W/(m K)) in training.
    """

    center: Single
    scale: Single
    curves: Single
    embedding_center: Single
    embedding_scale: Single
    kernel_0: Single
    bias_0: Single
    kernel_1: Single
    bias_1: Single
    kernel_2: Single
    bias_2: Single
    mean: Single
    std: Single

    def shapes(self, n_members: int) -> dict[str, tuple[int, ...]]:
        """Return the shape that each array must have; ValueError where a bias has other axes."""
        (n_descriptors,), (_, n_heads, first) = self.center.shape, self.bias_0.shape
        _, _, second = self.bias_1.shape
        each = (n_members, n_heads)
        return {
            **dict.fromkeys(("center", "scale"), (n_descriptors,)),
            "curves": (n_descriptors, N_GRID),
            **dict.fromkeys(("embedding_center", "embedding_scale"), (n_members, EMBEDDING)),
            **dict.fromkeys(("mean", "std"), (n_members,)),
            "kernel_0": (*each, n_descriptors + EMBEDDING + len(METHODS), first),
            "bias_0": (*each, first),
            "kernel_1": (*each, first, second),
            "bias_1": (*each, second),
            "kernel_2": (*each, second, 1),
            "bias_2": (*each, 1),
        }


class HeadOutputs(NamedTuple):
    """log10 of the LTC in W/(m K) [n_crystals, n_members], and its spread over a member's heads."""

    log_ltc: NDArray[np.float64]
    spread: NDArray[np.float64]


class HeadPredictor:
    """Heads ready to predict; may be used from any thread."""

    def __init__(self, heads: Heads) -> None:
        self._heads = heads
        self._scale = DescriptorScale(heads.center, heads.scale, heads.curves)
        n_descriptors = len(heads.center)
        kernel = heads.kernel_0
        self._of_descriptors = _flat(kernel[:, :, :n_descriptors])
        self._of_embedding = _side_by_side(kernel[:, :, n_descriptors : n_descriptors + EMBEDDING])
        of_methods = kernel[:, :, n_descriptors + EMBEDDING :]
        none = np.zeros_like(heads.bias_0)[:, :, None]
        # The last one is added where a reference is of no method.
        self._of_method = np.concatenate([of_methods, none], axis=2) + heads.bias_0[:, :, None]

    def __call__(
        self, descriptors: Single, embeddings: Single, methods: NDArray[np.int64]
    ) -> HeadOutputs:
        """Return log10 of the LTC.

        `descriptors` [n_crystals, n_descriptors], `embeddings` [n_crystals, n_members, 16];
        `methods` [n_crystals]: number of the method, -1 for none.
        """
        heads = self._heads
        n_members, n_heads, width = heads.bias_0.shape
        inputs = self._scale(descriptors)
        embedded = standardise(embeddings, heads.embedding_center, heads.embedding_scale)
        common = (inputs @ self._of_descriptors).reshape(-1, n_members, n_heads, width)
        hidden = common.transpose(1, 2, 0, 3) + self._of_method[:, :, methods]
        own = embedded.swapaxes(0, 1) @ self._of_embedding
        hidden += own.reshape(n_members, -1, n_heads, width).swapaxes(1, 2)
        hidden = silu(hidden) @ heads.kernel_1 + heads.bias_1[:, :, None]
        output = silu(hidden) @ heads.kernel_2 + heads.bias_2[:, :, None]
        return head_outputs(heads, output[..., 0])


def head_outputs(heads: Heads, by_head: Single) -> HeadOutputs:
    """Return the members' outputs for those of their heads [n_members, n_heads, n_crystals]."""
    values = by_head.astype(float)
    log_ltc = values.mean(axis=1).T * heads.std + heads.mean
    return HeadOutputs(log_ltc, values.std(axis=1).T * heads.std)


def silu(values: Single) -> Single:
    """Return x / (1 + exp(-x)). Source: Elfwing et al., arXiv 1702.03118."""
    activated: Single = values / (1 + np.exp(-values))
    return activated


def _flat(kernel: Single) -> Single:
    """Return kernels [n_members, n_heads, inputs, width] as one [inputs, all others]."""
    inputs = kernel.shape[2]
    return np.ascontiguousarray(kernel.transpose(2, 0, 1, 3).reshape(inputs, -1))


def _side_by_side(kernel: Single) -> Single:
    """Return kernels [n_members, n_heads, inputs, width] as [n_members, inputs, the others]."""
    n_members, _, inputs, _ = kernel.shape
    return np.ascontiguousarray(kernel.swapaxes(1, 2).reshape(n_members, inputs, -1))
