import numpy as np
import pytest
import tensorflow as tf

from models.network.architecture import Architecture, initial_weights, weight_shapes
from training.fit.network.parameters import pack, to_weights, unpack

ARCHITECTURE = Architecture(mlp=(7, 5))
SHAPES = weight_shapes(ARCHITECTURE)


@pytest.fixture
def weights():
    rng = np.random.default_rng(2)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}


def test_to_weights_is_the_inverse_of_pack(weights):
    back = to_weights(pack(weights, SHAPES), SHAPES)
    assert back.keys() == weights.keys()
    assert all((back[name] == value).all() for name, value in weights.items())


def test_unpack_gives_the_weights_of_one_member(weights):
    parts = unpack(tf.constant(pack(weights, SHAPES)), SHAPES)
    assert parts.keys() == weights.keys()
    assert all((parts[name].numpy() == value[None]).all() for name, value in weights.items())


def test_pack_goes_by_name_not_by_order(weights):
    shuffled = dict(sorted(weights.items(), reverse=True))
    assert (pack(shuffled, SHAPES) == pack(weights, SHAPES)).all()


def test_the_vector_holds_every_weight_once():
    vector = pack(initial_weights(ARCHITECTURE, 1), SHAPES)
    assert vector.dtype == np.float32
    assert vector.shape == (sum(int(np.prod(shape)) for shape in SHAPES.values()),)


def test_a_vector_of_another_length_raises(weights):
    with pytest.raises(ValueError, match="reshape"):
        to_weights(pack(weights, SHAPES)[:-1], SHAPES)
