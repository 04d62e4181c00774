"""Heads of several members at once, against one head at a time."""

import dataclasses

import numpy as np
import pytest

from models.network.heads import EMBEDDING, METHODS, HeadPredictor, Heads
from models.network.standardise import FARTHEST, GRID
from tests.models.made_ensemble import N_MEMBERS, random_heads

N_CRYSTALS, N_DESCRIPTORS = 6, 7


@pytest.fixture(scope="module")
def descriptors() -> np.ndarray:
    found = np.random.default_rng(3).normal(size=(N_CRYSTALS, N_DESCRIPTORS)).astype(np.float32)
    found[0, 0] = 1e3  # beyond where inputs are cut off
    return found


@pytest.fixture(scope="module")
def embeddings() -> np.ndarray:
    shape = (N_CRYSTALS, N_MEMBERS, EMBEDDING)
    return np.random.default_rng(4).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="module")
def heads() -> Heads:
    return random_heads(np.random.default_rng(5).normal(size=(9, N_DESCRIPTORS)).astype(np.float32))


def by_hand(
    heads: Heads, member: int, descriptors: np.ndarray, embedding: np.ndarray, method: int
) -> tuple[float, float]:
    """Return mean and deviation of log10(LTC) by one member's heads, in double precision."""

    def standard(values, center, scale):
        return np.clip((values.astype(float) - center) / scale, -FARTHEST, FARTHEST)

    places = standard(descriptors, heads.center, heads.scale)
    mapped = [np.interp(z, GRID, curve) for z, curve in zip(places, heads.curves, strict=True)]
    answers = []
    for head in range(heads.bias_0.shape[1]):
        place = (member, head)
        of_method = [float(number == method) for number in range(len(METHODS))]
        features = np.concatenate(
            [
                mapped,
                standard(embedding, heads.embedding_center[member], heads.embedding_scale[member]),
                of_method,
            ]
        )
        for depth in range(2):
            kernel, bias = getattr(heads, f"kernel_{depth}"), getattr(heads, f"bias_{depth}")
            features = features @ kernel[place] + bias[place]
            features = features / (1 + np.exp(-features))
        answers.append(float((features @ heads.kernel_2[place] + heads.bias_2[place])[0]))
    std = heads.std[member]
    return float(np.mean(answers) * std + heads.mean[member]), float(np.std(answers) * std)


def test_the_answer_is_the_mean_of_a_members_heads(heads, descriptors, embeddings):
    methods = np.array([-1, 0, 1, -1, 0, 1])
    found = HeadPredictor(heads)(descriptors, embeddings, methods)
    expected = [
        [
            by_hand(heads, member, descriptors[row], embeddings[row, member], method)
            for member in range(N_MEMBERS)
        ]
        for row, method in enumerate(methods.tolist())
    ]
    means, deviations = np.moveaxis(np.array(expected), -1, 0)
    assert found.log_ltc == pytest.approx(means, abs=1e-5)
    assert found.spread == pytest.approx(deviations, abs=1e-5)
    assert np.ptp(means) > 0.1
    assert deviations.min() > 1e-3


def test_a_crystals_answer_does_not_depend_on_the_others(heads, descriptors, embeddings):
    predict = HeadPredictor(heads)
    methods = np.array([1, -1, 0, 0, 1, -1])
    together = predict(descriptors, embeddings, methods).log_ltc
    for row in range(N_CRYSTALS):
        one = slice(row, row + 1)
        alone = predict(descriptors[one], embeddings[one], methods[one]).log_ltc
        assert together[row] == pytest.approx(alone[0], abs=1e-6)


def test_heads_come_back_from_their_file(heads, tmp_path):
    heads.save(tmp_path / "heads.safetensors")
    back = Heads.load(tmp_path / "heads.safetensors", N_MEMBERS)
    for field in dataclasses.fields(heads):
        np.testing.assert_array_equal(getattr(back, field.name), getattr(heads, field.name))
