"""The catalogue agrees with the rows, the outputs and itself."""

import pytest

from training.data.catalogue import (
    CATALOGUE,
    DATASET_NAMES,
    JOINED,
    PAPER_SETS,
    TITLES,
    known_outputs,
    label_of,
    parts_of,
)
from training.data.rows import NOT_LABELS, Row


def test_each_file_belongs_to_one_data_set():
    assert len({entry.file_name for entry in CATALOGUE.values()}) == len(CATALOGUE)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_labels_are_columns_of_a_row(entry):
    columns = set(Row.model_fields) - NOT_LABELS
    assert {*entry.labels, *entry.outputs.values()} <= columns


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_no_label_of_a_data_set_is_read_twice(entry):
    assert len(set(entry.outputs.values())) == len(entry.outputs)


def test_joined_sets_are_joined_from_sets_of_the_catalogue():
    assert {part for parts in JOINED.values() for part in parts} <= set(CATALOGUE)
    assert parts_of("mix") == ("dataset1", "dataset2")
    assert parts_of("aflow") == ("aflow",)


def test_references_of_methods_that_disagree_are_outputs_of_their_own():
    names = ("dataset1", "phonix_2026", "dataset2", "aflow", "phonondb")
    assert [next((o for o in known_outputs() if label_of(o, n) == "ltc"), None) for n in names] == [
        *("ltc", "ltc", "ltc_half_heusler", "ltc_agl", None)
    ]


def test_the_papers_sets_have_titles():
    assert set(PAPER_SETS) <= set(TITLES) & set(DATASET_NAMES)


def test_a_users_own_set_is_of_ltc():
    assert label_of("ltc", "mine") == "ltc"
    assert label_of("ltc_agl", "mine") is None
