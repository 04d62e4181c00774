"""Figure of Table I, published and measured here."""

from collections.abc import Mapping

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from training.data.catalogue import PAPER_SETS, TITLES
from training.evaluation.figures.style import STAGES, WIDTH
from training.evaluation.published import PublishedTable
from training.evaluation.report import Report

Cells = Mapping[tuple[str, str, str], tuple[float, float | None]]
SCALE = LogNorm(0.3, 3.0)


def tables(report: Report, preset: str, published: PublishedTable) -> Figure:
    """Return Table I as the paper and a preset of the report have it."""
    ours: dict[tuple[str, str, str], tuple[float, float | None]] = {}
    for cell in report.paper:
        if cell.preset == preset:
            trained_on, stage = cell.name.rsplit("-", 1)
            ours[stage, trained_on, cell.test_set] = (cell.ours.mean, cell.ours.std)
    theirs: Cells = {
        (stage, trained_on, test_set): (value.mean, value.std)
        for stage, rows in published.table.items()
        for trained_on, row in rows.items()
        for test_set, value in row.items()
    }
    figure, axes = plt.subplots(2, 3, figsize=(WIDTH, 5.2), layout="constrained")
    for row, (title, cells) in enumerate((("Paper", theirs), ("Here", ours))):
        for column, stage in enumerate(STAGES):
            axis = axes[row, column]
            _heat_map(axis, {key[1:]: value for key, value in cells.items() if key[0] == stage})
            axis.set_title(f"{title}, stage {stage[-1]}")
            if column == 0:
                axis.set_ylabel("trained on")
            if row == 1:
                axis.set_xlabel("tested on")
    colours = mpl.cm.ScalarMappable(SCALE, "YlOrRd")
    bar = figure.colorbar(colours, ax=axes, shrink=0.6, extend="both", ticks=[0.3, 0.5, 1, 2, 3])
    bar.ax.set_yticklabels(["0.3", "0.5", "1", "2", "3"])
    bar.ax.minorticks_off()
    bar.set_label("MAPE, published metric (fraction)")
    return figure


def _heat_map(axis: Axes, cells: Mapping[tuple[str, str], tuple[float, float | None]]) -> None:
    names = [TITLES[name] for name in PAPER_SETS]
    values = np.array(
        [[cells.get((a, b), (np.nan,))[0] for b in PAPER_SETS] for a in PAPER_SETS], dtype=float
    )
    colours = mpl.colormaps["YlOrRd"].with_extremes(bad="#eeeeee")
    axis.imshow(np.ma.masked_invalid(values), norm=SCALE, cmap=colours, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        std = cells.get((PAPER_SETS[row], PAPER_SETS[column]), (0.0, None))[1]
        text = "–" if np.isnan(value) else f"{value:.2f}" + (f"\n±{std:.2f}" if std else "")
        dark = value > 1.3  # noqa: PLR2004  (light figures on dark cells)
        axis.text(
            column, row, text, ha="center", va="center", fontsize=8, color="w" if dark else "k"
        )
    axis.set_xticks(range(4), names, rotation=20, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(4), names)
    axis.tick_params(length=0, labelsize=8)
    axis.spines[:].set_visible(False)
