"""AFLOW's members one by one, on the page of Table I."""

import pytest

from tests.training.evaluation.conftest import SPLITS
from training.evaluation.page.aflow import aflow_section
from training.evaluation.report import (
    EpochChoice,
    Evaluated,
    HeldOutCell,
    PaperCell,
    Report,
    Spread,
)

NAME = "aflow-stage2"
CONSTANT = (0.8, 0.7, 0.75, 0.9)
KEPT, TYPICAL = (0.5, 0.69, 0.6, 0.9), (0.6, 0.7, 1.5, 0.85)


def paper_cell(preset):
    return PaperCell(
        preset=preset,
        name=NAME,
        test_set="aflow",
        ours=Spread.of(KEPT),
        table_mean=None,
        table_std=None,
        runs=Spread.of([0.41 + 0.01 * number for number in range(9)]),
        from_table=None,
        from_runs=None,
    )


def evaluated(preset, name):
    return Evaluated(
        preset=preset,
        name=name,
        protocol="paper",
        chain=("aflow",),
        splits=SPLITS,
        digest="made up",
    )


@pytest.fixture
def report():
    """A report on AFLOW's stage 2 under two presets, one with its epochs, and on the constant."""
    constant = HeldOutCell(
        preset="baseline",
        name="constant-aflow",
        protocol="held-out",
        test_set="aflow",
        view="split",
        n_crystals=60,
        members={"mape": Spread.of(CONSTANT)},
        out_of_fold={},
        interval={},
        gain=None,
        spread=None,
    )
    choice = EpochChoice(
        preset="ours",
        name=NAME,
        kept=Spread.of(KEPT),
        typical=Spread.of(TYPICAL),
        last=Spread.of(TYPICAL),
        kept_at=(3, 1, 9, 30),
        epochs=30,
    )
    return Report(
        data=(),
        evaluated=(
            evaluated("ours", NAME),
            evaluated("other", NAME),
            evaluated("baseline", "constant-aflow"),
        ),
        paper=(paper_cell("ours"), paper_cell("other")),
        held_out=(constant,),
        units=(),
        decomposition=(),
        epoch_choice=(choice,),
    )


def test_a_member_that_ends_no_better_than_a_constant_has_collapsed(report):
    lines = list(aflow_section(report))
    assert "| 1 | 0.50 (3) → 0.60 | 0.80 | 0.41 |" in lines
    assert "| 2 | **0.69 (1) → 0.70** | 0.70 | 0.42 |" in lines
    assert "| 3 | **0.60 (9) → 1.50** | 0.75 | 0.43 |" in lines
    assert "| 4 | 0.90 (30) → 0.85 | 0.90 | 0.44 |" in lines
    assert "- `ours`: 2 of 4 members have collapsed at the end." in lines


def test_without_a_constant_no_member_is_judged(report):
    lines = list(aflow_section(report.model_copy(update={"held_out": ()})))
    assert lines[0] == "### What AFLOW's training decides"
    assert not [line for line in lines if "collapsed" in line]
