"""MEGNet's embedding of crystals by one member's network."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.network.batch import NetworkInput, join_graphs
from models.network.forward import embed_crystals, prepare

AT_ONCE = 64  # crystals


def embed(
    weights: Mapping[str, NDArray[np.float32]], graphs: Sequence[NetworkInput]
) -> NDArray[np.float32]:
    """Return the embedding [n_crystals, 16] of each crystal; `weights` by name, of one member."""
    prepared = prepare({name: tf.constant(value[None]) for name, value in weights.items()})
    groups = [graphs[start : start + AT_ONCE] for start in range(0, len(graphs), AT_ONCE)]
    parts = [embed_crystals(prepared, join_graphs(group))[0].numpy() for group in groups]
    return np.concatenate(parts)
