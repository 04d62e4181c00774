"""Inputs of heads and processes: descriptors, and the embedding by the member's network."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.fit.context import MemberContext
from training.fit.frozen.covariance import Numbers, References
from training.fit.frozen.embedding import StandardisedEmbedding


class Described(Protocol):
    """Crystals that have descriptors."""

    def descriptors(self) -> NDArray[np.float32]:
        """Return them [n_crystals, n_descriptors]."""
        ...


def join_inputs(
    context: MemberContext, crystals: Described, embedding: StandardisedEmbedding
) -> Numbers:
    """Return descriptors and embedding of crystals [n_crystals, n_inputs], all standardised."""
    descriptors = context.descriptor_scale(crystals.descriptors())
    return np.concatenate([descriptors, embedding.values], axis=1, dtype=float)


def references_of(context: MemberContext, embedding: StandardisedEmbedding) -> References:
    """Return all references of a member's data, held out or not."""
    inputs = join_inputs(context, context.data, embedding)
    return References(inputs, np.log10(context.data.ltc))
