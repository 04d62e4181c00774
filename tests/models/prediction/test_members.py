"""Members of an ensemble: networks, heads and process blended by the policy."""

import numpy as np
import pytest

from models.crystal.crystal import Crystal
from models.crystal.graph import FADING
from models.descriptors.describe import NAMES, describe
from models.network.architecture import Architecture
from models.network.heads import METHODS, HeadPredictor
from models.network.inputs import InputSettings
from models.network.transform import TargetTransform
from models.network.weights import stack_members
from models.prediction import gaussian_process
from models.prediction.gaussian_process import OUTPUTS, ProcessPredictor
from models.prediction.members import Members
from models.prediction.policy import AnswerPolicy
from tests.crystals import HALF_HEUSLER, ROCKSALT, generated_crystals
from tests.models.made_ensemble import (
    N_MEMBERS,
    POLICY,
    SMALL,
    random_heads,
    random_member,
    random_process,
)

DESCRIBED = Architecture(mlp=SMALL.mlp, descriptors=len(NAMES))
TRANSFORMS = [(TargetTransform(1.0, 0.5),)] * N_MEMBERS
CRYSTALS = [
    Crystal.of(structure)
    for structure in (
        ROCKSALT.crystal(["Na", "Cl"], 2.8),
        HALF_HEUSLER.crystal(["Ti", "Ni", "Sn"], 2.6),
        generated_crystals(6, seed=9)[1],
    )
]
TYPES = ("ltc_phono3py", "ltc_half_heusler", "ltc")
DESCRIPTORS = np.stack([describe(crystal) for crystal in CRYSTALS])
HEADS, PROCESS = random_heads(DESCRIPTORS), random_process(np.repeat(DESCRIPTORS, 2, axis=0))


def blended() -> Members:
    weights = stack_members([random_member(seed, DESCRIBED) for seed in range(N_MEMBERS)])
    settings = InputSettings(FADING, descriptors=True)
    return Members(
        weights, TRANSFORMS, heads=HEADS, process=PROCESS, inputs=settings, policy=POLICY
    )


@pytest.fixture(scope="module")
def outputs():
    return blended().outputs(CRYSTALS)


@pytest.fixture(scope="module")
def parts(outputs):
    """log10 of the LTC by heads and by process, each [n_crystals, n_members]."""
    numbers = np.array([OUTPUTS.index(name) for name in TYPES])
    by_heads = HeadPredictor(HEADS)(DESCRIPTORS, outputs.embeddings, numbers - 1)
    by_process = ProcessPredictor(PROCESS)(DESCRIPTORS, outputs.embeddings, numbers)
    return by_heads.log_ltc, by_process.log_ltc


def test_the_structure_types_are_those_that_the_policy_tells_apart():
    assert [POLICY.output(crystal.structure_type) for crystal in CRYSTALS] == [*TYPES]


def test_heads_and_process_are_blended_by_the_share_of_the_output(outputs, parts):
    by_heads, by_process = parts
    share = np.array([[0.0], [1.0], [0.25]])  # by the policy
    expected = (1 - share) * by_heads + share * by_process
    assert np.log10(outputs.ltc) == pytest.approx(expected, abs=1e-5)
    assert np.abs(by_heads - by_process).min() > 1e-3


def test_the_disagreement_is_the_spread_over_a_members_heads_and_process(outputs, parts):
    """As of heads that share the weight that the process leaves, about their weighted mean."""
    by_heads, by_process = parts
    numbers = np.array([OUTPUTS.index(name) for name in TYPES])
    spread = HeadPredictor(HEADS)(DESCRIPTORS, outputs.embeddings, numbers - 1).spread
    for row, share in enumerate((0.0, 1.0, 0.25)):
        mean = (1 - share) * by_heads[row] + share * by_process[row]
        of_heads = spread[row] ** 2 + (by_heads[row] - mean) ** 2
        variance = (1 - share) * of_heads + share * (by_process[row] - mean) ** 2
        assert outputs.disagreement[row] == pytest.approx(np.sqrt(variance), abs=1e-5)
    assert outputs.disagreement[[0, 2]].min() > 1e-3


def test_the_process_alone_answers_where_phonons_are_known(outputs, parts, monkeypatch):
    """Which they are everywhere, where estimates reach far; the heads still count as a check."""
    assert not outputs.phonons_known.any()
    monkeypatch.setattr(gaussian_process, "ESTIMATE_REACH", 1e6)
    known = blended().outputs(CRYSTALS)
    assert known.phonons_known == pytest.approx(np.ones(3), abs=1e-6)
    assert np.log10(known.ltc) == pytest.approx(parts[1], abs=1e-5)
    assert known.disagreement == pytest.approx(outputs.disagreement, abs=1e-6)


def test_distances_are_those_of_the_process(outputs):
    zeros = np.zeros(3, dtype=int)
    expected = ProcessPredictor(PROCESS)(DESCRIPTORS, outputs.embeddings, zeros)
    assert outputs.distances == pytest.approx(expected.distance, abs=1e-4)
    assert outputs.local_error == pytest.approx(expected.local_error, abs=1e-5)


def test_the_method_of_an_answer_is_an_input_of_the_heads(outputs):
    predict = HeadPredictor(HEADS)
    answers = [
        predict(DESCRIPTORS, outputs.embeddings, np.full(3, method)).log_ltc
        for method in (-1, *range(len(METHODS)))
    ]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(answers[first] - answers[second]).max(axis=1).min() > 1e-4


def test_networks_alone_answer_with_the_output_of_the_policy():
    architecture = Architecture(mlp=SMALL.mlp, outputs=2)
    weights = stack_members([random_member(seed, architecture) for seed in range(N_MEMBERS)])
    transforms = [(TargetTransform(1.0, 0.5), TargetTransform(2.0, 0.5))] * N_MEMBERS
    policy = AnswerPolicy(by_structure_type={"rocksalt": "second", "half_heusler": "unknown"})
    members = Members(weights, transforms, ("first", "second"), policy=policy)
    found = members.outputs(CRYSTALS)
    np.testing.assert_array_equal(found.ltc[0], found.quantities["second"][0])
    np.testing.assert_array_equal(found.ltc[1:], found.quantities["first"][1:])
    assert found.distances is None
    assert not found.disagreement.any()
    assert not found.local_error.any()
    assert not found.phonons_known.any()
