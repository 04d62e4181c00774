"""Figures of what the stages change."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.data.catalogue import TITLES
from training.evaluation.figures.style import BLUE, RED, WIDTH
from training.evaluation.report import Report, Spread, TransferCell
from training.scoring.scores import COLUMNS

METRIC = "mae_log10"
HUES = (BLUE, RED, "#555555")
VIEW_TITLES: Mapping[str, str] = {
    "held out": "own data set, held out",
    "new formula": "own data set, new formulas",
    "other types": "Phonix 2026, other types",
}


def decompositions(report: Report) -> Figure:
    """Return what stage 3 changes, as reported and in W/(m K)."""
    rows = report.decomposition
    figure, axis = plt.subplots(figsize=(WIDTH, 3.2), layout="constrained")
    bars: tuple[tuple[str, str, str], ...] = (
        ("before", "stage 2, W/(m K)", "#9aa7b4"),
        ("after_published", "stage 3, published scale", "#e3a27f"),
        ("after", "stage 3, W/(m K)", BLUE),
    )
    for offset, (field, label, colour) in enumerate(bars):
        values: list[Spread] = [getattr(row, field) for row in rows]
        axis.bar(
            np.arange(len(rows)) + (offset - 1) * 0.27,
            [value.mean for value in values],
            0.25,
            yerr=[value.std or 0.0 for value in values],
            color=colour,
            error_kw={"linewidth": 0.8},
            label=label,
        )
    labels = [f"{TITLES[row.dataset]}\n" + row.preset.replace("-", "-\n") for row in rows]
    axis.set_xticks(range(len(rows)), labels)
    axis.set_ylabel("MAPE (fraction)")
    figure.legend(loc="outside upper center", ncols=len(bars))
    return figure


def transfer(report: Report) -> Figure:
    """Return what each stage changes, with intervals, by test crystals."""
    chosen = [cell for cell in report.transfer if cell.metric == METRIC]
    views = [view for view in VIEW_TITLES if any(cell.view == view for cell in chosen)]
    figure, axes = plt.subplots(
        1, len(views), figsize=(WIDTH, 2.9), layout="constrained", squeeze=False
    )
    for axis, view in zip(axes[0], views, strict=True):
        _changes(axis, [cell for cell in chosen if cell.view == view])
        axis.set_title(VIEW_TITLES[view])
    axes[0, 0].set_ylabel(f"change of {COLUMNS[METRIC]}")
    lines = axes[0, 0].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=len(HUES))
    return figure


def _changes(axis: Axes, cells: Sequence[TransferCell]) -> None:
    for offset, (name, colour) in enumerate(zip(cells[0].changes, HUES, strict=False)):
        changes = [cell.changes[name] for cell in cells]
        axis.errorbar(
            np.arange(len(cells)) + (offset - 1) * 0.2,
            [change.mean for change in changes],
            yerr=[change.interval[1] - change.mean for change in changes],
            fmt="o",
            color=colour,
            markersize=4,
            capsize=2,
            linewidth=1,
            label=name.replace("stage", "stage "),
        )
    axis.axhline(0, color="k", linewidth=0.7)
    axis.set_xticks(range(len(cells)), [TITLES[cell.dataset] for cell in cells])
    axis.set_xlim(-0.5, len(cells) - 0.5)
    axis.tick_params(axis="x", length=0)
