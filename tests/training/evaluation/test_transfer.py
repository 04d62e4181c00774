"""Errors after each stage, and what a stage changes."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import t as student_t

from models.errors import DataError
from tests.training.evaluation.conftest import SPLITS, write_run
from training.config import HELD_OUT
from training.evaluation.sources import find_ensembles
from training.evaluation.transfer import OTHER_TYPES, TYPES, change, transfer_cells

NAMES = tuple(f"dataset2-stage{number}" for number in (1, 2, 3))


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, sets):
    """The answers of random members of Dataset2's stages under preset `stages`, each its own."""
    root = tmp_path_factory.mktemp("transfer")
    write_run(root / "stages", sets, HELD_OUT, NAMES)
    entries = [found.outputs(sets) for found in find_ensembles(root / "none", [root / "stages"])]
    return [
        dataclasses.replace(
            entry, targets={name: 0.3 * stage + values for name, values in entry.targets.items()}
        )
        for stage, entry in enumerate(entries)
    ]


def test_each_stage_is_compared_with_the_earlier_ones_on_its_split(outputs, sets):
    cells = {(c.view, c.metric): c for c in transfer_cells(outputs, sets)}
    cell = cells["held out", "mae_log10"]
    assert (cell.dataset, cell.test_set) == ("dataset2", "dataset2")
    assert set(cell.changes) == {"stage2 - stage1", "stage3 - stage1", "stage3 - stage2"}
    reference = sets["dataset2"]
    first, _, third = outputs
    for number, split in enumerate(SPLITS):
        rows = reference.validation(split)
        errors = [
            np.abs(np.log10(entry.ltc(reference, sets)[number] / reference.ltc))[rows].mean()
            for entry in (first, third)
        ]
        assert cell.errors["stage3"].values[number] == pytest.approx(errors[1])
        found = cell.changes["stage3 - stage1"].values[number]
        assert found == pytest.approx(errors[1] - errors[0])
        assert abs(found) > 1e-3


def test_other_types_are_of_formulas_the_paper_does_not_have(outputs, sets):
    (cell,) = (
        c for c in transfer_cells(outputs, sets) if (c.view, c.metric) == ("other types", "mape")
    )
    known = {f for name in ("dataset1", "dataset2", "aflow") for f in sets[name].formulas}
    assert cell.test_set == OTHER_TYPES
    other = sets[OTHER_TYPES]
    kept = [
        formula
        for formula, name in zip(other.formulas, other.data.types, strict=True)
        if formula not in known and name not in TYPES
    ]
    assert cell.n_crystals == len(kept) < len(other.formulas)


def test_nothing_is_compared_without_all_stages(outputs, sets):
    assert not list(transfer_cells(outputs[:2], sets))


def test_stages_of_other_splits_are_refused(outputs, sets):
    short = dataclasses.replace(outputs[2], splits=SPLITS[:-1])
    with pytest.raises(DataError, match="dataset2 have other splits"):
        list(transfer_cells([*outputs[:2], short], sets))


def test_the_interval_allows_for_trainings_that_share_rows():
    values = np.array([0.1, -0.2, 0.3, 0.0, 0.2, 0.1, -0.1, 0.2, 0.1])
    differences = np.full((9, 18), np.nan)
    for split, value in enumerate(values):
        differences[split, 2 * split : 2 * split + 2] = value + 0.05, value - 0.05
    found = change(differences)
    half = student_t.ppf(0.975, 8) * (values.var(ddof=1) * (1 / 9 + 1 / 4)) ** 0.5
    assert found.values == pytest.approx(values)
    assert found.interval == pytest.approx((values.mean() - half, values.mean() + half))


def test_crystals_that_all_splits_share_widen_the_interval():
    crystals = np.random.default_rng(0).normal(size=50)
    found = change(np.tile(crystals, (9, 1)))  # all trainings agree: crystals alone decide
    half = student_t.ppf(0.975, 8) * crystals.std(ddof=1) / 50**0.5
    assert found.interval == pytest.approx((crystals.mean() - half, crystals.mean() + half))
