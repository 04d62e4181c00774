"""The published metric, on outputs whose errors can be worked out by hand."""

import numpy as np
import pytest

from models.errors import DataError
from models.network.transform import TargetTransform
from training.config import HELD_OUT
from training.evaluation.outputs import MemberOutputs
from training.evaluation.published import (
    published_errors,
    published_scale_errors,
    read_published_table,
)

SPLITS = (1, 2)


def outputs_of(protocol, chain, transform, targets):
    """Return outputs of two members who both answer with these targets by data set."""
    return MemberOutputs(
        name=f"{chain[-1]}-stage{2 if len(chain) == 1 else 3}",
        preset="by-hand",
        protocol=protocol,
        chain=chain,
        splits=SPLITS,
        transforms=(transform,) * len(SPLITS),
        targets={name: np.tile(values, (len(SPLITS), 1)) for name, values in targets.items()},
        digest="",
    )


def mape(predicted, reference, rows):
    return np.abs(predicted / reference - 1)[rows].mean()


def own_targets(sets, shift=0.0):
    """Return each set's labels standardised with its own constants, moved by `shift`."""
    return {
        name: TargetTransform.fit(sets[name].ltc).encode(sets[name].ltc) + shift
        for name in ("dataset1", "dataset2", "aflow", "phonix")
    }


def test_a_model_in_its_own_constants_is_measured_in_units(sets):
    dataset1 = sets["dataset1"]
    own = TargetTransform.fit(dataset1.ltc)
    outputs = outputs_of("paper", ("dataset1",), own, own_targets(sets, 0.1))
    ltc = 10 ** (np.log10(dataset1.ltc + 1) + 0.1 * own.std) - 1
    expected = [mape(ltc, dataset1.ltc, dataset1.validation(split)) for split in (1, 2)]
    np.testing.assert_allclose(published_errors(outputs, dataset1), expected)
    np.testing.assert_allclose(outputs.ltc(dataset1, sets), np.tile(ltc, (2, 1)))


def test_foreign_constants_change_the_error_but_not_the_ltc(sets):
    dataset1 = sets["dataset1"]
    aflow = TargetTransform(mean=0.7, std=0.2)
    outputs = outputs_of("paper", ("aflow", "dataset1"), aflow, own_targets(sets, 0.5))
    z = TargetTransform.fit(dataset1.ltc).encode(dataset1.ltc)
    labels, predicted = (10 ** (v * 0.2 + 0.7) - 1 for v in (z, z + 0.5))
    published = published_errors(outputs, dataset1)
    expected = [mape(predicted, labels, dataset1.validation(split)) for split in (1, 2)]
    np.testing.assert_allclose(published, expected)
    ltc = outputs.ltc(dataset1, sets)
    scaled = published_scale_errors(ltc, outputs.splits, dataset1, aflow)
    np.testing.assert_allclose(scaled, published)
    in_units = [mape(ltc[0], dataset1.ltc, dataset1.validation(split)) for split in (1, 2)]
    assert (published < in_units).all()


def test_the_halves_of_mix_go_back_through_their_own_constants(sets):
    whole = TargetTransform.fit(sets["mix"].ltc)
    outputs = outputs_of("paper", ("mix",), whole, own_targets(sets))
    for name in ("dataset1", "dataset2", "mix"):
        np.testing.assert_allclose(outputs.ltc(sets[name], sets)[0], sets[name].ltc)
        assert published_errors(outputs, sets[name]) == pytest.approx(0, abs=1e-9)


def test_held_out_members_keep_their_own_transform_everywhere(sets):
    transform = TargetTransform(mean=0.9, std=0.3)
    outputs = outputs_of(HELD_OUT, ("aflow", "dataset1"), transform, own_targets(sets))
    for name in ("dataset1", "mix", "phonix"):
        expected = transform.decode(outputs.on(sets[name]))
        np.testing.assert_array_equal(outputs.ltc(sets[name], sets), expected)


def test_a_table_that_is_not_there_stops(tmp_path):
    with pytest.raises(DataError, match="Table I"):
        read_published_table(tmp_path)
