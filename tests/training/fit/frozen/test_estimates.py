"""LTC estimated from phonons: on a law that structure alone does not show."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from models.network.heads import EMBEDDING
from training.config import Preset
from training.data.graphs import GraphDataset
from training.data.splits import Split
from training.fit.context import MemberContext
from training.fit.frozen.covariance import Covariance
from training.fit.frozen.embedding import StandardisedEmbedding
from training.fit.frozen.estimates import MemberEstimates, estimate_ltc
from training.fit.frozen.phonons import NO_PHONONS, PhononCrystals, read_phonons
from training.stages import STAGES

NONE = np.empty(0, dtype=np.int64)


@pytest.fixture(scope="module")
def phonons(small_data, preset) -> PhononCrystals:
    """Crystals whose first quantity is a random number, all others being zero."""
    found = read_phonons(preset.gaussian_process.estimates, small_data, preset.inputs)
    numbers = np.zeros_like(found.quantities)
    numbers[:, 0] = np.random.default_rng(5).normal(size=len(numbers))
    return replace(found, quantities=numbers)


def member(
    preset: Preset, data: GraphDataset, phonons: PhononCrystals, held: np.ndarray = NONE
) -> MemberContext:
    rows = np.setdiff1d(np.arange(len(data.graphs)), held)
    return MemberContext(
        stage=STAGES["recommended"],
        number=1,
        preset=preset,
        data=data,
        split=Split(rows, NONE, held),
        parent=None,
        directory=Path("nowhere"),
        megnet_weights=Path("nowhere"),
        seed=1,
        phonons=phonons,
    )


def estimates(context: MemberContext) -> MemberEstimates:
    """Return the estimates of a member whose network and covariance see nothing of a crystal."""
    n_inputs = context.data.descriptors().shape[1] + EMBEDDING

    def nothing(n: int) -> StandardisedEmbedding:
        zero = np.zeros(EMBEDDING, np.float32)
        return StandardisedEmbedding(np.zeros((n, EMBEDDING), np.float32), zero, zero + 1)

    blind = Covariance(np.zeros(n_inputs), np.zeros((n_inputs, 2)), 1e-9, 0.1, 1e-3)
    of_data, of_unlabelled = len(context.data.graphs), len(context.unlabelled.graphs)
    return estimate_ltc(context, nothing(of_data), nothing(of_unlabelled), blind)


def with_law(data: GraphDataset, phonons: PhononCrystals) -> GraphDataset:
    """Return references of an LTC that grows with the crystal's first phonon quantity."""
    first = dict(zip(phonons.material_ids, phonons.quantities[:, 0], strict=True))
    log_ltc = [first.get(each.material_id, 0.0) for each in data.dataset.crystals]
    return replace(data, ltc=10 ** (0.2 * np.array(log_ltc)))


def test_unlabelled_crystals_are_those_without_a_reference(preset, data, phonons):
    unlabelled = member(preset, data, phonons).unlabelled
    known = {crystal.material_id for crystal in data.dataset.crystals}
    assert len(unlabelled.material_ids) == 3
    assert known.isdisjoint(unlabelled.material_ids)
    assert len(phonons.material_ids) == 15


def test_what_phonons_tell_of_references_is_told_of_other_crystals(preset, data, phonons):
    context = member(preset, with_law(data, phonons), phonons)
    found = estimates(context).unlabelled
    first = context.unlabelled.quantities[:, 0]
    assert found.crystals.log_ltc == pytest.approx(0.2 * first, abs=0.05)
    assert np.ptp(first) > 0.5
    assert len(found.noise) == len(first) == 3


def test_what_lies_far_from_all_references_is_less_certain(preset, data, phonons):
    """To the variance that the process has of everything, where nothing is known."""
    context = member(preset, with_law(data, phonons), phonons)
    far = phonons.quantities.copy()
    far[phonons.formulas.index(context.unlabelled.formulas[0])] = 40.0
    strange = replace(context, phonons=replace(phonons, quantities=far))
    close, apart = (estimates(each).unlabelled.noise for each in (context, strange))
    assert apart[0] > 0.05 > 2 * close.max()
    assert apart[1:] == pytest.approx(close[1:], rel=1e-6)


def test_a_formula_that_is_held_out_has_no_estimate_and_gives_none(preset, data, phonons):
    labelled = with_law(data, phonons)
    formula = labelled.formulas()[-1]
    named = replace(phonons, formulas=[*phonons.formulas[:-1], formula])
    held = np.flatnonzero([each == formula for each in labelled.formulas()])
    context = member(preset, labelled, named, held)
    assert len(context.unlabelled.formulas) == 2
    moved = labelled.ltc.copy()
    moved[held] = 1e4
    again = member(preset, replace(labelled, ltc=moved), named, held)
    np.testing.assert_array_equal(
        estimates(again).unlabelled.crystals.log_ltc, estimates(context).unlabelled.crystals.log_ltc
    )


def test_what_is_held_out_is_estimated_from_its_phonons_alone(preset, data, phonons):
    """Apart from the estimates that the member learns from, and without its own LTC."""
    labelled = with_law(data, phonons)
    known = {name: row for row, name in enumerate(phonons.material_ids)}
    ids = [crystal.material_id for crystal in data.dataset.crystals]
    held = np.array([row for row, name in enumerate(ids) if name in known][-2:])
    found = estimates(member(preset, labelled, phonons, held))
    assert found.held_rows.tolist() == held.tolist()
    first = [phonons.quantities[known[ids[row]], 0] for row in held]
    assert found.held_out.crystals.log_ltc == pytest.approx(0.2 * np.array(first), abs=0.05)
    moved = labelled.ltc.copy()
    moved[held] = 1e4
    again = estimates(member(preset, replace(labelled, ltc=moved), phonons, held))
    np.testing.assert_array_equal(again.held_out.crystals.log_ltc, found.held_out.crystals.log_ltc)


def test_references_of_other_methods_give_no_estimate(preset, data, phonons):
    labelled = with_law(data, phonons)
    moved = labelled.ltc.copy()
    moved[:25] = 1e4  # of Dataset1 and Dataset2
    found, again = (
        estimates(member(preset, each, phonons)).unlabelled
        for each in (labelled, replace(labelled, ltc=moved))
    )
    np.testing.assert_array_equal(again.crystals.log_ltc, found.crystals.log_ltc)


def test_without_references_that_have_phonons_what_to_change_is_named(preset, data, phonons):
    strangers = replace(phonons, material_ids=[f"other-{n}" for n in range(15)])
    with pytest.raises(DataError, match="out of the preset"):
        estimates(member(preset, data, strangers))


def test_a_member_without_phonons_has_nothing_unlabelled(preset, data):
    assert not member(preset, data, NO_PHONONS).unlabelled.formulas
