"""Processes of the members: from a training context to what is served."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from models.errors import DataError
from models.network.heads import EMBEDDING, METHODS
from models.network.standardise import FARTHEST
from models.prediction.gaussian_process import OUTPUTS, ProcessPredictor
from training.config import Preset, read_preset
from training.data.graphs import GraphDataset
from training.data.methods import method_masks
from training.data.splits import Split
from training.fit.context import MemberContext
from training.fit.frozen.covariance import JITTER, Covariance, References
from training.fit.frozen.embedding import StandardisedEmbedding
from training.fit.frozen.estimates import Estimates, MemberEstimates, estimate_ltc
from training.fit.frozen.inputs import join_inputs
from training.fit.frozen.joined import join_processes, mean_estimates, with_known_phonons
from training.fit.frozen.phonons import PhononCrystals, read_phonons
from training.fit.frozen.processes import (
    COVARIANCE_FILE,
    FILE,
    Known,
    MethodRows,
    fit_process,
    has_process,
    read_covariance,
    train_covariance,
    train_process,
)
from training.stages import STAGES

HELD = (np.array([1, 4, 12, 20]), np.array([0, 15, 30]))  # rows held out from each member
NONE = np.empty(0, dtype=np.int64)


def raw_embeddings(n: int) -> np.ndarray:
    """Return made-up embeddings of crystals, the same for all members."""
    return np.random.default_rng(7).normal(2.0, 3.0, (n, EMBEDDING)).astype(np.float32)


def embedded(context: MemberContext) -> StandardisedEmbedding:
    values = raw_embeddings(len(context.data.graphs))
    return StandardisedEmbedding.over(values, context.split.train)


def phonons_of(preset: Preset, small_data: Path) -> PhononCrystals:
    settings = preset.gaussian_process.estimates
    assert settings is not None
    return read_phonons(settings, small_data, preset.inputs)


def estimates_of(context: MemberContext) -> MemberEstimates:
    """Return a member's estimates, the embeddings of its crystals being made up."""
    of_data, n = embedded(context), len(context.unlabelled.graphs)
    values = np.random.default_rng(8).normal(2.0, 3.0, (n, EMBEDDING)).astype(np.float32)
    of_unlabelled = StandardisedEmbedding.by(values, of_data.center, of_data.scale)
    return estimate_ltc(context, of_data, of_unlabelled, train_covariance(context, of_data))


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
            phonons=phonons_of(preset, small_data),
        )
        for number, held in enumerate(HELD, start=1)
    )
    for context in made:
        assert not has_process(context.directory)
        train_process(context, embedded(context), estimates_of(context))
        assert has_process(context.directory)
    return made


def test_methods_are_those_of_the_data_sets(data):
    owners, masks = np.array(data.owners()), method_masks(data)
    assert masks.shape == (len(METHODS), len(owners))
    assert set(owners[masks[METHODS.index("ltc_phono3py")]]) == {"dataset1"}
    assert set(owners[masks[METHODS.index("ltc_half_heusler")]]) == {"dataset2"}
    assert set(owners[~masks.any(axis=0)]) == {"phonix_2026"}


def test_inputs_are_standardised_descriptors_and_embedding(contexts):
    inputs = join_inputs(contexts[0], contexts[0].data, embedded(contexts[0]))
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
    n_references = process.n_references
    for member, held in enumerate(HELD):
        for values in (process.coefficients[member, :n_references], process.errors[member]):
            assert not values[held].any()
            assert np.delete(values, held).all()


def test_crystals_of_known_phonons_are_known_beside_the_references(contexts, data):
    process, unlabelled = join_processes(contexts), contexts[0].unlabelled
    assert process.n_references == len(data.graphs)
    assert process.points.shape[1] == len(data.graphs) + len(unlabelled.formulas)
    assert process.coefficients[:, len(data.graphs) :].all()
    for context in contexts:
        values = load_file(context.directory / FILE)["estimates"]
        assert np.isfinite(values).all()
    assert mean_estimates(contexts) == pytest.approx(
        10 ** np.mean([load_file(c.directory / FILE)["estimates"] for c in contexts], axis=0)
    )


def test_what_is_held_out_can_be_known_by_its_phonons_alone(contexts, data):
    """The member that it is held out from answers as its estimate says, and nothing of the LTC."""
    plain = join_processes(contexts)
    known = with_known_phonons(plain, contexts)
    asked = (*asked_of(data), np.zeros(len(data.graphs), dtype=int))
    before, after = ProcessPredictor(plain)(*asked), ProcessPredictor(known)(*asked)
    assert known.n_references == plain.n_references
    np.testing.assert_array_equal(after.distance, before.distance)
    estimates_of_members = [estimates_of(context) for context in contexts]
    assert sum(len(estimates.held_rows) for estimates in estimates_of_members) > 0
    for member, estimates in enumerate(estimates_of_members):
        rows = estimates.held_rows
        if not len(rows):
            continue
        assert after.phonons_known[rows] == pytest.approx(np.ones(len(rows)), abs=1e-3)
        estimated = estimates.held_out.crystals.log_ltc
        apart = np.abs(after.log_ltc[rows, member] - estimated)
        assert apart.mean() < 0.6 * np.abs(before.log_ltc[rows, member] - estimated).mean()


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
    masks, rows = method_masks(data), context.split.train
    references = join_inputs(context, data, embedded(context))
    estimated = estimates_of(context).unlabelled.crystals
    inputs = np.concatenate([references, estimated.inputs])
    masks = np.pad(masks, ((0, 0), (0, len(estimated))))
    squares = apart(inputs @ covariance.projection)
    shared = covariance.amplitude * kernel(np.sqrt(squares))
    shared += covariance.slope**2 * inputs @ inputs.T
    alike = apart(inputs[:, :-EMBEDDING]) / (inputs.shape[1] - EMBEDDING)
    rows = np.concatenate([rows, np.arange(len(references), len(inputs))])
    predict = ProcessPredictor(join_processes(contexts))
    for number in range(len(OUTPUTS)):
        between = shared[:, rows].copy()
        if number:
            amplitude, offset, _, rate = fitted["own"][number - 1]
            own = amplitude * bell(rate * np.sqrt(alike[:, rows])) + offset
            between += own * masks[number - 1, rows]
        expected = between @ fitted["coefficients"] + float(fitted["mean"])
        expected = expected[: len(references)]
        found = predict(*asked_of(data), np.full(len(references), number)).log_ltc[:, member]
        assert found == pytest.approx(expected, abs=2e-5), OUTPUTS[number]
        assert np.ptp(expected) > 0.1


def test_coefficients_solve_the_equations_of_the_process():
    """With curated references of one method, which are not weighted down as the others are.

    And with estimates, the noise of which is given.
    """
    rng = np.random.default_rng(9)
    inputs = rng.normal(size=(45, 3))
    methods = np.stack([np.arange(40) % 4 == 1, np.arange(40) % 4 == 2])
    log_ltc = np.sin(inputs[:, 0])
    log_ltc[:40] += 0.3 * methods[1]
    everything = References(inputs, log_ltc)
    noise = np.linspace(0.01, 0.05, 5)
    known = Known(
        everything.chosen(np.arange(40)),
        Estimates(everything.chosen(np.arange(40, 45)), noise),
        MethodRows(methods, inputs[:40]),
    )
    covariance = Covariance(np.full(3, 0.6), 0.6 * np.eye(3)[:, :2], 0.03, 0.3, 0.02)
    distance = np.sqrt(apart(inputs) / 3)
    fitted = fit_process(known, covariance, read_preset("smoke-recommended").gaussian_process)
    masks = np.pad(methods, ((0, 0), (0, 5)))
    matrix = covariance.signal(everything)
    for mask, own in zip(masks, fitted.own, strict=True):
        block = np.ix_(mask, mask)
        matrix[block] += own.amplitude * bell(own.rate * distance[block]) + own.offset
    left = everything.residual() - matrix @ fitted.coefficients
    for mask, own in zip(masks, fitted.own, strict=True):
        expected = (own.noise + JITTER) * fitted.coefficients[mask]
        assert left[mask] == pytest.approx(expected, abs=1e-8)
    assert left[40:] == pytest.approx(noise * fitted.coefficients[40:], abs=1e-8)
    without = np.delete(np.arange(45), 5)
    again = np.linalg.solve(
        (matrix + np.diag(left / fitted.coefficients))[np.ix_(without, without)],
        everything.residual()[without],
    )
    error = abs(everything.residual()[5] - matrix[5, without] @ again)
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
