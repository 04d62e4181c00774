import gzip
from typing import Any

import numpy as np
import pytest

from tests.crystals import generated_crystals
from training.data.catalogue import CATALOGUE
from training.data.graphs import formulas_of, read_graphs
from training.data.rows import Row
from training.data.splits import (
    N_SPLITS,
    Deal,
    grouped_split,
    published_split,
    with_unsplit_rows,
)

SEEDS = range(1, N_SPLITS + 1)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("size", [95, 143, 5578])
def test_the_published_split_of_one_data_set(size, seed):
    order = np.random.RandomState(seed).permutation(size)
    split = published_split((size,), seed)
    assert split.train.tolist() == order[: int(0.8 * size)].tolist()
    assert split.validation.tolist() == order[int(0.8 * size) :].tolist()
    assert split.inner.size == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_mix_joins_the_splits_of_its_parts(seed):
    mix = published_split((95, 143), seed, inner_fraction=0.1)
    first, second = (published_split((size,), seed, inner_fraction=0.1) for size in (95, 143))
    for name in ("train", "inner", "validation"):
        expected = [*getattr(first, name), *(95 + getattr(second, name))]
        assert getattr(mix, name).tolist() == expected


@pytest.mark.parametrize("inner_fraction", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("sizes", [(95,), (95, 143), (10, 3)])
def test_a_split_covers_every_row_once(sizes, inner_fraction):
    split = published_split(sizes, 4, inner_fraction)
    rows = np.concatenate([split.train, split.inner, split.validation])
    assert sorted(rows) == list(range(sum(sizes)))


def test_the_rows_that_choose_come_from_the_training_rows_of_each_part():
    whole = published_split((95, 143), 2)
    parted = published_split((95, 143), 2, inner_fraction=0.25)
    assert parted.validation.tolist() == whole.validation.tolist()
    assert set(parted.inner) <= set(whole.train)
    assert sorted(parted.training) == sorted(whole.train)
    n_first = int((parted.inner < 95).sum())
    assert (n_first, len(parted.inner) - n_first) == (round(0.25 * 76), round(0.25 * 114))


def test_splits_differ():
    assert len({tuple(published_split((95,), seed).validation) for seed in SEEDS}) == N_SPLITS


FORMULAS = [f"Na{number}Cl" for number in range(50)]
ROWS_OF = [*FORMULAS, *FORMULAS[::2], "He", "Ne"]  # some formulas twice; the last two have no LTC
FEW, MANY = FORMULAS[::3], FORMULAS[1:]  # by data set, sharing some
DEAL = Deal.of([FEW, MANY], 0.2, 1)


def test_a_formula_is_never_on_both_sides():
    for seed in SEEDS:
        split = grouped_split(ROWS_OF, DEAL, seed)
        trained = {ROWS_OF[row] for row in split.train}
        assert trained.isdisjoint(ROWS_OF[row] for row in split.validation)
        assert sorted([*split.train, *split.validation]) == list(range(len(ROWS_OF)))
        assert {"He", "Ne"} <= trained


def test_every_reported_formula_is_unseen_by_one_member_and_the_others_by_none():
    splits = [grouped_split(ROWS_OF, DEAL, seed) for seed in SEEDS]
    counts = dict.fromkeys(FORMULAS, 0)
    for split in splits:
        for formula in {ROWS_OF[row] for row in split.validation}:
            counts[formula] += 1
    assert sorted(counts.values()) == [0] * 10 + [1] * 40


def test_each_member_keeps_its_share_of_a_small_data_set():
    kept = [
        {ROWS_OF[row] for row in grouped_split(ROWS_OF, DEAL, seed).validation} for seed in SEEDS
    ]
    shares = [len(formulas & set(FEW)) for formulas in kept]
    assert max(shares) - min(shares) <= 1


def test_grouped_splits_do_not_depend_on_the_order_of_the_rows():
    first = grouped_split(ROWS_OF, Deal.of([FORMULAS], 0.2, 1), 3)
    second = grouped_split(ROWS_OF[::-1], Deal.of([FORMULAS[::-1] * 2], 0.2, 1), 3)
    assert {ROWS_OF[row] for row in first.validation} == {
        ROWS_OF[::-1][row] for row in second.validation
    }


def test_with_nothing_set_aside_every_formula_is_held_out_once():
    deal = Deal.of([FEW, MANY], 0.0, 1)
    held = [formula for number in SEEDS for formula in deal.fold(number)]
    assert sorted(held) == sorted(FORMULAS)


def test_moduli_are_trained_on_whatever_the_formula():
    guarded = np.arange(len(ROWS_OF)) % 2 == 0
    for number in SEEDS:
        whole = grouped_split(ROWS_OF, DEAL, number)
        split = grouped_split(ROWS_OF, DEAL, number, guarded)
        assert set(split.validation) == {row for row in whole.validation if guarded[row]}
        assert {row for row in range(len(ROWS_OF)) if not guarded[row]} <= set(split.train)


def test_rows_without_a_published_split_are_trained_on_but_for_kept_formulas():
    formulas = [*FORMULAS, *FORMULAS, "He"]  # the second half has no published split
    published = published_split((len(FORMULAS),), 5, inner_fraction=0.1)
    split = with_unsplit_rows(published, formulas)
    kept = {FORMULAS[row] for row in published.validation}
    assert split.validation.tolist() == published.validation.tolist()
    assert split.inner.tolist() == published.inner.tolist()
    later = split.train[split.train >= len(FORMULAS)]
    assert {formulas[row] for row in later} == {*FORMULAS, "He"} - kept
    assert len(split.train) == len(published.train) + len(later)


def test_a_held_out_formula_is_held_out_from_phonons_and_agl_but_not_from_moduli(tmp_path):
    """The same crystals in four sets: each fold is kept from all labels but moduli."""
    names = ("dataset1", "phonix_2026", "aflow", "phonondb", "elasticity")
    for name in names:
        write_dataset(tmp_path, name)
    deal = Deal.of(formulas_of(("dataset1", "phonix_2026", "aflow"), tmp_path), 0.2, 1)
    for name in names:
        data = read_graphs(name, tmp_path)
        held = [
            set(grouped_split(data.formulas(), deal, n, data.guarded()).validation) for n in SEEDS
        ]
        assert bool(set.union(*held)) == (name != "elasticity")


def write_dataset(folder, name):
    labels: dict[str, Any] = dict.fromkeys((*CATALOGUE[name].labels, "max_frequency"), 5.0)
    rows = [
        Row.of(f"{name}-{number}", crystal, **labels)
        for number, crystal in enumerate(generated_crystals(6, seed=1))
    ]
    text = "".join(row.to_line() + "\n" for row in rows)
    (folder / CATALOGUE[name].file_name).write_bytes(gzip.compress(text.encode()))
