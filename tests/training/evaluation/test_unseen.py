"""Nothing that a member was trained on counts."""

import numpy as np

from models.network.transform import TargetTransform
from tests.training.evaluation.test_published import outputs_of, own_targets
from training.config import HELD_OUT
from training.data.splits import published_split
from training.evaluation.reference import training_formulas
from training.evaluation.unseen import unseen_predictions

TRANSFORM = TargetTransform(mean=0.8, std=0.4)


def test_the_split_view_leaves_out_exactly_the_training_rows(sets):
    outputs = outputs_of(HELD_OUT, ("aflow", "mix"), TRANSFORM, own_targets(sets))
    unseen = unseen_predictions(outputs, sets["mix"], sets, "split").unseen
    for row, split in zip(unseen, outputs.splits, strict=True):
        training = published_split(sets["mix"].data.parts, split).training
        assert not row[training].any()
        assert row.sum() == len(row) - len(training)


def test_new_formulas_are_in_the_training_rows_of_no_stage(sets):
    chain = ("aflow", "dataset1")
    outputs = outputs_of(HELD_OUT, chain, TRANSFORM, own_targets(sets))
    aflow, phonix = sets["aflow"], sets["phonix"]
    for reference in (aflow, phonix):
        unseen = unseen_predictions(outputs, reference, sets, "new formula").unseen
        for row, split in zip(unseen, outputs.splits, strict=True):
            seen = training_formulas(chain, split, sets)
            expected = reference.validation(split) & [f not in seen for f in reference.formulas]
            np.testing.assert_array_equal(row, expected)
    assert (unseen_predictions(outputs, phonix, sets, "split").unseen).all()


def test_a_formula_in_training_hides_its_crystals_elsewhere(sets):
    # The same crystals under another name: every formula is a training formula for some split.
    outputs = outputs_of(HELD_OUT, ("phonix", "dataset1"), TRANSFORM, own_targets(sets))
    formulas = sets["dataset1"].formulas
    unseen = unseen_predictions(outputs, sets["dataset1"], sets, "new formula").unseen
    for row, split in zip(unseen, outputs.splits, strict=True):
        assert not set(formulas[row]) & training_formulas(("dataset1",), split, sets)
