import numpy as np
import pytest

from models.network.architecture import Architecture, initial_weights
from models.network.transform import TargetTransform
from models.network.weights import stack_members
from models.prediction.members import Members
from training.fit.frozen import embedding
from training.fit.frozen.embedding import embed


def test_the_embedding_is_that_of_the_served_network_in_any_batch(small_graphs, monkeypatch):
    architecture = Architecture(mlp=(6, 5), descriptors=len(small_graphs[0].descriptors))
    weights = initial_weights(architecture, 3)
    members = Members(stack_members([weights]), [(TargetTransform(1.0, 0.5),)])
    types = ["other_types"] * len(small_graphs)
    expected = members.compute(small_graphs, types).embeddings[:, 0]
    assert embed(weights, small_graphs) == pytest.approx(expected, abs=1e-5)
    monkeypatch.setattr(embedding, "AT_ONCE", 5)
    assert embed(weights, small_graphs) == pytest.approx(expected, abs=1e-5)
    assert np.ptp(expected, axis=0).max() > 1e-3
