"""MEGNet's embedding of crystals by one member's network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.network.batch import NetworkInput, join_graphs
from models.network.forward import embed_crystals, prepare
from models.network.standardise import standardise
from training.data.graphs import SMALLEST_SCALE

AT_ONCE = 64  # crystals

Single = NDArray[np.float32]


@dataclass(frozen=True)
class StandardisedEmbedding:
    """Embeddings `values` [n_crystals, 16], standardised by `center` and `scale` [16]."""

    values: Single
    center: Single
    scale: Single

    @classmethod
    def over(cls, embeddings: Single, rows: NDArray[np.int64]) -> "StandardisedEmbedding":
        """Return embeddings [n_crystals, 16] standardised over these rows."""
        center = embeddings[rows].mean(axis=0)
        scale = embeddings[rows].std(axis=0) + SMALLEST_SCALE
        return cls.by(embeddings, center, scale)

    @classmethod
    def by(cls, embeddings: Single, center: Single, scale: Single) -> "StandardisedEmbedding":
        """Return embeddings [n_crystals, 16] standardised by what is given."""
        return cls(standardise(embeddings, center, scale), center, scale)


def embed(weights: Mapping[str, Single], graphs: Sequence[NetworkInput]) -> Single:
    """Return the embedding [n_crystals, 16] of each crystal; `weights` by name, of one member."""
    prepared = prepare({name: tf.constant(value[None]) for name, value in weights.items()})
    groups = [graphs[start : start + AT_ONCE] for start in range(0, len(graphs), AT_ONCE)]
    parts = [embed_crystals(prepared, join_graphs(group))[0].numpy() for group in groups]
    return np.concatenate(parts)
