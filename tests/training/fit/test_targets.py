"""Several quantities at once: how they are standardised, and what each weighs."""

from types import MappingProxyType

import numpy as np
import pytest
from pymatgen.core import Structure

from models.network.transform import TargetTransform
from training.data.datasets import LabelledCrystal
from training.data.labels import label_table
from training.fit.targets import (
    fit_transforms,
    log_target,
    standardise,
    with_parent_answers,
)

OUTPUT_NAMES = ("ltc", "ltc_agl", "gruneisen")
CELL = Structure(np.eye(3) * 3, ["Po"], [[0, 0, 0]])


def crystal(**labels: float) -> LabelledCrystal:
    return LabelledCrystal("test-1", "Po", CELL, MappingProxyType(labels))


@pytest.fixture
def table():
    crystals = [crystal(ltc=10.0), crystal(ltc=1000.0), crystal(ltc=20.0, gruneisen=0.002)]
    return label_table(crystals, ["dataset1", "phonix", "aflow"], OUTPUT_NAMES)


def test_transforms_are_of_the_training_rows_logarithms(table):
    parent = (TargetTransform(5.0, 6.0, 0.0),) * 3
    transforms = fit_transforms(table, np.array([0, 1]), parent)
    assert transforms == (TargetTransform(2.0, 1.0, 0.0), parent[1], parent[2])
    assert fit_transforms(table, np.array([0, 1]), None)[1] == TargetTransform(0.0, 1.0, 0.0)


def test_standardised_labels_keep_what_is_missing(table):
    transforms = [TargetTransform(2.0, 0.5, 0.0)] * 3
    labels = standardise(table, transforms)
    assert labels[:, 0].tolist()[:2] == [-2, 2]
    assert np.isnan(labels).tolist() == np.isnan(table).tolist()


def test_outputs_that_are_not_named_weigh_nothing(table):
    transforms = (TargetTransform(1.0, 1.0, 0.0),) * 3
    target = log_target(table, transforms, OUTPUT_NAMES, {"gruneisen": 2.0})
    assert target.constants.tolist() == [0, 0, 2]
    assert target.labels.shape == (3, 3)


def test_an_output_without_references_keeps_the_answers_of_the_stage_before(table):
    table[:, 2] = np.nan
    answers = np.arange(9.0).reshape(3, 3)
    filled = with_parent_answers(
        table, OUTPUT_NAMES, {"ltc": 1.0, "gruneisen": 0.3}, lambda: answers
    )
    np.testing.assert_array_equal(filled[:, 2], answers[:, 2])
    np.testing.assert_array_equal(filled[:, :2], table[:, :2])  # these have references of their own


def test_outputs_without_weight_are_left_to_drift(table):
    table[:, 2] = np.nan

    def answers() -> np.ndarray:
        raise AssertionError("nobody is to be asked")

    assert with_parent_answers(table, OUTPUT_NAMES, {"ltc": 1.0}, answers) is table
