"""Section of the page: errors in W/(m K) on held-out crystals."""

from collections.abc import Iterator, Sequence

from training.data.catalogue import TITLES
from training.evaluation.baselines import PRESET as BASELINE
from training.evaluation.measure import FEWEST_CRYSTALS
from training.evaluation.page.markdown import images, pm, table
from training.evaluation.reference import REFERENCE_SETS
from training.evaluation.report import HeldOutCell, Report
from training.scoring.scores import COLUMNS

INTRODUCTION = """\
## In W/(m K)

*split*: crystals that the published split keeps from training. *new formula*: of these, crystals
whose reduced formula is in the training rows of no stage. The AFLOW stage knows many compounds of
Dataset1 and Dataset2, with its own rougher label; MEGNet's published weights have seen most
compounds of the Materials Project, with their formation energy but no conductivity. `recommended`
is split by formula, so that both senses are one, and its crystals are others than those of the
published splits.
"""


def held_out_section(report: Report, figures: Sequence[str]) -> Iterator[str]:
    """Yield the lines on every reference set in W/(m K)."""
    yield from INTRODUCTION.splitlines()
    for name in REFERENCE_SETS:
        cells = [cell for view in ("split", "new formula") for cell in _cells(report, name, view)]
        if not cells:
            continue
        yield ""
        yield f"### On {TITLES[name]}"
        yield ""
        yield from table(
            (
                "ensemble",
                "preset",
                "view",
                "n",
                *COLUMNS.values(),
                "out of fold: MAPE",
                "MAE(log10)",
            ),
            (_held_out_row(cell) for cell in cells),
        )
        if not any(cell.view == "new formula" for cell in cells):
            yield ""
            yield f"No split keeps {FEWEST_CRYSTALS} crystals of a new formula from training."
    if any(cell.protocol == "paper" for cell in report.held_out):
        yield ""
        yield "* trained by the published procedure: its epoch was chosen on the rows reported."
    yield from images("parity", figures)


def _cells(report: Report, test_set: str, view: str) -> Iterator[HeldOutCell]:
    for cell in report.held_out:
        if cell.test_set == test_set and cell.view == view and cell.preset != BASELINE:
            yield cell


def _held_out_row(cell: HeldOutCell) -> tuple[str, ...]:
    mark = "\\*" if cell.protocol == "paper" else ""
    return (
        cell.name + mark,
        f"`{cell.preset}`",
        cell.view,
        str(cell.n_crystals),
        *(pm(cell.members[name], 3) for name in COLUMNS),
        *(_with_interval(cell, name) for name in ("mape", "mae_log10")),
    )


def _with_interval(cell: HeldOutCell, name: str) -> str:
    lower, upper = cell.interval[name]
    return f"{cell.out_of_fold[name]:.3f} [{lower:.3f}, {upper:.3f}]"
