"""Processes of the members: from a training context to what is served."""

from dataclasses import replace

import numpy as np
import pytest

from models.errors import DataError
from models.network.heads import METHODS
from models.prediction.gaussian_process import OUTPUTS, ProcessPredictor
from training.config import Preset, read_preset
from training.data.graphs import GraphDataset, read_graphs
from training.data.splits import Split
from training.fit.context import MemberContext
from training.fit.likelihood import References, student_weights
from training.fit.processes import (
    COVARIANCE_FILE,
    has_process,
    join_processes,
    method_masks,
    read_covariance,
    standardised_descriptors,
    train_covariance,
    train_process,
)
from training.stages import STAGES

HELD = (np.array([1, 4, 12, 20]), np.array([0, 15, 30]))  # rows held out from each member
NONE = np.empty(0, dtype=np.int64)


@pytest.fixture(scope="module")
def preset() -> Preset:
    return read_preset("smoke-recommended")


@pytest.fixture(scope="module")
def data(small_data, preset) -> GraphDataset:
    return read_graphs("reference", small_data, preset.inputs)


@pytest.fixture(scope="module")
def contexts(data, preset, small_data, tmp_path_factory) -> tuple[MemberContext, ...]:
    """Two members, their covariance and processes being fitted."""
    folder = tmp_path_factory.mktemp("reference")
    rows = np.arange(len(data.graphs))
    made = tuple(
        MemberContext(
            stage=STAGES["recommended"],
            number=number,
            preset=preset,
            data=data,
            split=Split(np.setdiff1d(rows, held), NONE, held),
            parent=None,
            directory=folder / f"split-{number}",
            megnet_weights=small_data,
            seed=number,
            set_aside=frozenset(data.formulas()[5:25]),
        )
        for number, held in enumerate(HELD, start=1)
    )
    train_covariance(made[0])
    for context in made:
        assert not has_process(context.directory)
        train_process(context)
        assert has_process(context.directory)
    return made


def test_methods_are_those_of_the_data_sets(data):
    owners, masks = np.array(data.owners()), method_masks(data)
    assert masks.shape == (len(METHODS), len(owners))
    assert set(owners[masks[METHODS.index("ltc_phono3py")]]) == {"dataset1"}
    assert set(owners[masks[METHODS.index("ltc_half_heusler")]]) == {"dataset2"}
    assert set(owners[~masks.any(axis=0)]) == {"phonix_2026"}


def test_descriptors_are_standardised(data):
    standard = standardised_descriptors(data)
    assert np.abs(standard.mean(axis=0)).max() < 0.5
    assert np.abs(standard).max() <= 5


def test_the_covariance_owes_nothing_to_reported_crystals(contexts, data, tmp_path):
    """It is fitted to the formulas set aside: other references may change."""
    context = contexts[0]
    before = read_covariance(context.directory.parent / COVARIANCE_FILE).vector()
    changed = data.ltc.copy()
    changed[np.setdiff1d(np.arange(len(changed)), context.choice_rows())] = 1e3
    moved = replace(context, data=replace(data, ltc=changed), directory=tmp_path / "stage/split-1")
    np.testing.assert_array_equal(train_covariance(moved).vector(), before)
    changed[context.choice_rows()[0]] = 1e3
    again = replace(moved, directory=tmp_path / "other/split-1")
    assert np.abs(train_covariance(again).vector() - before).max() > 1e-3


def test_references_held_out_have_no_coefficient(contexts):
    process = join_processes(contexts)
    for member, held in enumerate(HELD):
        coefficients = process.coefficients[member]
        assert not coefficients[held].any()
        assert np.delete(coefficients, held).all()


@pytest.mark.parametrize("member", [0, 1])
def test_what_is_served_is_the_exact_process(contexts, data, member):
    """Against the formula in double precision, for the shared output and each method's."""
    context = contexts[member]
    covariance = read_covariance(context.directory.parent / COVARIANCE_FILE)
    inputs, masks = standardised_descriptors(data).astype(float), method_masks(data)
    rows, log_ltc = context.split.train, np.log10(data.ltc)
    trained = References(inputs[rows], log_ltc[rows], masks[:, rows])
    weight = student_weights(covariance, trained, context.preset.gaussian_process)
    matrix = covariance.signal(trained)
    matrix += np.diag(covariance.noise_of(trained.methods) / weight)
    solved = np.linalg.solve(matrix, trained.log_ltc - trained.log_ltc.mean())
    predict = ProcessPredictor(join_processes(contexts))
    for number in range(len(OUTPUTS)):
        asked = np.arange(len(METHODS))[:, None] == number - 1
        new = References(
            np.concatenate([trained.inputs, inputs]),
            np.zeros(len(rows) + len(inputs)),
            np.concatenate([trained.methods, np.repeat(asked, len(inputs), axis=1)], axis=1),
        )
        between = covariance.signal(new)[len(rows) :, : len(rows)]
        expected = between @ solved + trained.log_ltc.mean()
        found = predict(data.descriptors(), np.full(len(inputs), number)).log_ltc[:, member]
        assert found == pytest.approx(expected, abs=2e-3), OUTPUTS[number]
        assert np.ptp(expected) > 0.1


def test_a_member_knows_its_references_better_than_those_held_out(contexts, data):
    masks = method_masks(data)
    numbers = np.where(masks.any(axis=0), masks.argmax(axis=0) + 1, 0)
    predicted = ProcessPredictor(join_processes(contexts))(data.descriptors(), numbers).log_ltc
    errors = np.abs(predicted - np.log10(data.ltc)[:, None])
    unseen = np.zeros(errors.shape, dtype=bool)
    for member, held in enumerate(HELD):
        unseen[held, member] = True
    assert errors[~unseen].mean() < errors[unseen].mean()


def test_a_covariance_that_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match="train the ensemble again"):
        read_covariance(tmp_path / COVARIANCE_FILE)
