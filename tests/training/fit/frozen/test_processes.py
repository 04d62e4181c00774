"""Processes of the members: from a training context to what is served."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from models.errors import DataError
from models.network.heads import EMBEDDING, METHODS
from models.network.standardise import FARTHEST
from models.prediction.gaussian_process import OUTPUTS, ProcessPredictor
from training.config import Preset, read_preset
from training.data.graphs import GraphDataset, read_graphs
from training.data.splits import Split
from training.fit.context import MemberContext
from training.fit.frozen.covariance import JITTER, Covariance, References
from training.fit.frozen.embedding import StandardisedEmbedding
from training.fit.frozen.processes import (
    COVARIANCE_FILE,
    FILE,
    MethodRows,
    fit_process,
    has_process,
    join_inputs,
    join_processes,
    method_masks,
    read_covariance,
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


def raw_embeddings(n: int) -> np.ndarray:
    """Return made-up embeddings of crystals, the same for all members."""
    return np.random.default_rng(7).normal(2.0, 3.0, (n, EMBEDDING)).astype(np.float32)


def embedded(context: MemberContext) -> StandardisedEmbedding:
    values = raw_embeddings(len(context.data.graphs))
    return StandardisedEmbedding.over(values, context.split.train)


def asked_of(data: GraphDataset) -> tuple[np.ndarray, np.ndarray]:
    """Return descriptors and embeddings by member of all crystals."""
    values = raw_embeddings(len(data.graphs))
    return data.descriptors(), np.repeat(values[:, None], len(HELD), axis=1)


@pytest.fixture(scope="module")
def contexts(data, preset, small_data, tmp_path_factory) -> tuple[MemberContext, ...]:
    """Two members, their processes being fitted."""
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
        )
        for number, held in enumerate(HELD, start=1)
    )
    for context in made:
        assert not has_process(context.directory)
        train_process(context, embedded(context))
        assert has_process(context.directory)
    return made


def test_methods_are_those_of_the_data_sets(data):
    owners, masks = np.array(data.owners()), method_masks(data)
    assert masks.shape == (len(METHODS), len(owners))
    assert set(owners[masks[METHODS.index("ltc_phono3py")]]) == {"dataset1"}
    assert set(owners[masks[METHODS.index("ltc_half_heusler")]]) == {"dataset2"}
    assert set(owners[~masks.any(axis=0)]) == {"phonix_2026"}


def test_inputs_are_standardised_descriptors_and_embedding(contexts):
    inputs = join_inputs(contexts[0], embedded(contexts[0]))
    assert inputs.shape[1] == contexts[0].data.descriptors().shape[1] + EMBEDDING
    assert np.abs(np.median(inputs, axis=0)).max() < 1
    assert np.abs(inputs).max() <= FARTHEST


def test_the_covariance_owes_nothing_to_what_is_held_out(contexts, data, tmp_path):
    context = contexts[0]
    before = read_covariance(context.directory / COVARIANCE_FILE)
    changed = data.ltc.copy()
    changed[context.split.validation] = 1e3
    moved = replace(context, data=replace(data, ltc=changed), directory=tmp_path / "split-1")
    np.testing.assert_array_equal(train_covariance(moved, embedded(moved)).rate, before.rate)
    plain = np.flatnonzero(~method_masks(data).any(axis=0))
    changed[np.intersect1d(context.split.train, plain)[0]] = 1e3
    again = replace(moved, directory=tmp_path / "split-2")
    rate = train_covariance(again, embedded(again)).rate
    assert np.abs(np.log(rate / before.rate)).max() > 1e-3


def test_references_held_out_have_no_coefficient(contexts):
    process = join_processes(contexts)
    for member, held in enumerate(HELD):
        for values in (process.coefficients[member], process.errors[member]):
            assert not values[held].any()
            assert np.delete(values, held).all()


def kernel(distance: np.ndarray) -> np.ndarray:
    return np.asarray((1 + 3**0.5 * distance) * np.exp(-(3**0.5) * distance))


def bell(distance: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-(distance**2) / 2))


def apart(values: np.ndarray) -> np.ndarray:
    """Return the squared distances [n, n] of points [n, width]."""
    return np.asarray(((values[:, None] - values) ** 2).sum(axis=2))


@pytest.mark.parametrize("member", [0, 1])
def test_what_is_served_is_the_exact_process(contexts, data, member):
    """Against the formula in double precision, for the shared output and each method's."""
    context = contexts[member]
    covariance = read_covariance(context.directory / COVARIANCE_FILE)
    fitted = load_file(context.directory / FILE)
    inputs, masks = join_inputs(context, embedded(context)), method_masks(data)
    squares = apart(inputs @ covariance.projection)
    shared = covariance.amplitude * kernel(np.sqrt(squares))
    shared += covariance.slope**2 * inputs @ inputs.T
    alike = apart(inputs[:, :-EMBEDDING]) / (inputs.shape[1] - EMBEDDING)
    rows = context.split.train
    predict = ProcessPredictor(join_processes(contexts))
    for number in range(len(OUTPUTS)):
        between = shared[:, rows].copy()
        if number:
            amplitude, offset, _, rate = fitted["own"][number - 1]
            own = amplitude * bell(rate * np.sqrt(alike[:, rows])) + offset
            between += own * masks[number - 1, rows]
        expected = between @ fitted["coefficients"] + float(fitted["mean"])
        found = predict(*asked_of(data), np.full(len(inputs), number)).log_ltc[:, member]
        assert found == pytest.approx(expected, abs=2e-5), OUTPUTS[number]
        assert np.ptp(expected) > 0.1


def test_coefficients_solve_the_equations_of_the_process():
    """With curated references of one method, which are not weighted down as the others are."""
    rng = np.random.default_rng(9)
    inputs = rng.normal(size=(40, 3))
    methods = np.stack([np.arange(40) % 4 == 1, np.arange(40) % 4 == 2])
    references = References(inputs, np.sin(inputs[:, 0]) + 0.3 * methods[1])
    settings = read_preset("smoke-recommended").gaussian_process
    covariance = Covariance(np.full(3, 0.6), 0.6 * np.eye(3)[:, :2], 0.03, 0.3, 0.02)
    distance = np.sqrt(apart(inputs) / 3)
    fitted = fit_process(MethodRows(methods, inputs), references, covariance, settings)
    matrix = covariance.signal(references)
    for mask, own in zip(methods, fitted.own, strict=True):
        block = np.ix_(mask, mask)
        matrix[block] += own.amplitude * bell(own.rate * distance[block]) + own.offset
    left = references.residual() - matrix @ fitted.coefficients
    for mask, own in zip(methods, fitted.own, strict=True):
        expected = (own.noise + JITTER) * fitted.coefficients[mask]
        assert left[mask] == pytest.approx(expected, abs=1e-8)
    without = np.delete(np.arange(40), 5)
    again = np.linalg.solve(
        (matrix + np.diag(left / fitted.coefficients))[np.ix_(without, without)],
        references.residual()[without],
    )
    error = abs(references.residual()[5] - matrix[5, without] @ again)
    assert fitted.errors[5] == pytest.approx(error, rel=1e-6)


def test_a_member_knows_its_references_better_than_those_held_out(contexts, data):
    masks = method_masks(data)
    numbers = np.where(masks.any(axis=0), masks.argmax(axis=0) + 1, 0)
    predicted = ProcessPredictor(join_processes(contexts))(*asked_of(data), numbers).log_ltc
    errors = np.abs(predicted - np.log10(data.ltc)[:, None])
    unseen = np.zeros(errors.shape, dtype=bool)
    for member, held in enumerate(HELD):
        unseen[held, member] = True
    assert errors[~unseen].mean() < errors[unseen].mean()


def test_a_covariance_that_is_missing_is_named(tmp_path):
    with pytest.raises(DataError, match="train the ensemble again"):
        read_covariance(tmp_path / COVARIANCE_FILE)
