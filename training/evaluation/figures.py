"""Figures of the evaluation report, 830 pixels wide."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.config import HELD_OUT
from training.data.catalogue import PAPER_SETS, TITLES
from training.evaluation.outputs import MemberOutputs
from training.evaluation.published import PublishedTable
from training.evaluation.reference import REFERENCE_SETS, ReferenceSet
from training.evaluation.report import Report, Spread
from training.evaluation.spread import spread_and_error
from training.evaluation.unseen import unseen_predictions
from training.fit.network.checkpoint import EpochRecord

Numbers = NDArray[np.float64]
Sets = Mapping[str, ReferenceSet]
Cells = Mapping[tuple[str, str, str], tuple[float, float | None]]

WIDTH = 8.3  # inch; at 150 dots an inch 1245 pixels, shown at two thirds
DOTS = 150
STAGES = ("stage1", "stage2", "stage3")
HUES = ("#1f6fb4", "#d1542b", "#555555", "#4a8f3c", "#7a5aa6", "#b08c2a")
COLOURS: Mapping[str, str] = dict(zip(REFERENCE_SETS, HUES, strict=True))
STYLE: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 9.5,
    "legend.fontsize": 8,
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
}
SCALE = LogNorm(0.3, 3.0)
PARITY = ("dataset1-stage3", "dataset2-stage3", "mix-stage3", "aflow-stage2")
LTC_LABEL = "LTC [W/(m K)]"


def draw_figures(
    report: Report,
    outputs: Sequence[MemberOutputs],
    sets: Sets,
    published: PublishedTable,
    directory: Path,
) -> list[Path]:
    """Write every figure that there is something to draw in; return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    drawn: list[Path] = []
    for name, draw in _figures(report, outputs, sets, published):
        with plt.style.context(STYLE):
            figure = draw()
            path = directory / f"reproduction-{name}.png"
            figure.savefig(path, dpi=DOTS)
            plt.close(figure)
        drawn.append(path)
    return drawn


def _figures(
    report: Report, outputs: Sequence[MemberOutputs], sets: Sets, published: PublishedTable
) -> Iterator[tuple[str, Callable[[], Figure]]]:
    for preset in dict.fromkeys(cell.preset for cell in report.paper):
        yield f"table-{preset}", partial(_tables, report, preset, published)
    for preset in dict.fromkeys(entry.preset for entry in outputs):
        chosen = {entry.name: entry for entry in outputs if entry.preset == preset}
        if any(entry.histories for entry in chosen.values()):
            yield f"loss-{preset}", partial(_losses, chosen)
        shown = [chosen[name] for name in PARITY if name in chosen]
        if shown and shown[0].protocol == HELD_OUT:
            yield f"parity-{preset}", partial(_parities, shown, sets)
            yield f"spread-{preset}", partial(_spreads, shown, sets)
    if report.decomposition:
        yield "units", partial(_decompositions, report)


def _tables(report: Report, preset: str, published: PublishedTable) -> Figure:
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


def _losses(chosen: Mapping[str, MemberOutputs]) -> Figure:
    stages = [s for s in STAGES if any(name.endswith(s) for name in chosen)]
    figure, axes = plt.subplots(
        len(stages),
        4,
        figsize=(WIDTH, 0.6 + 1.9 * len(stages)),
        layout="constrained",
        sharey=True,
        squeeze=False,
    )
    for row, stage in enumerate(stages):
        for column, dataset in enumerate(PAPER_SETS):
            axis = axes[row, column]
            entry = chosen.get(f"{dataset}-{stage}")
            if entry and entry.histories:
                _loss(axis, entry.histories)
            else:
                axis.tick_params(bottom=False, labelbottom=False)
                axis.text(0.5, 0.5, "–", transform=axis.transAxes, ha="center", color="0.5")
            axis.set_title(f"stage {stage[-1]}, {TITLES[dataset]}")
            if column == 0:
                axis.set_ylabel("MAPE (fraction)")
            if entry:
                axis.set_xlabel("epoch")
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_ylim(0.02, 3)
    axes[0, 0].set_yticks([0.03, 0.1, 0.3, 1, 3], ["0.03", "0.1", "0.3", "1", "3"])
    handles = {
        label: line
        for axis in axes.flat
        for line, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=len(handles))
    return figure


def _loss(axis: Axes, histories: Sequence[Sequence[EpochRecord]]) -> None:
    curves = {
        "rows fitted": [[epoch.train for epoch in member] for member in histories],
        "rows the epoch is chosen on": [
            [np.nan if epoch.chosen_on is None else epoch.chosen_on for epoch in member]
            for member in histories
        ],
    }
    for (label, members), colour in zip(curves.items(), ("#1f6fb4", "#d1542b"), strict=True):
        length = min(len(member) for member in members)
        values = np.array([member[:length] for member in members])
        if np.isnan(values).all():
            continue
        epochs = np.arange(1, length + 1)
        axis.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2)
        axis.plot(epochs, values.mean(axis=0), color=colour, linewidth=1.2, label=label)


def _parities(shown: Sequence[MemberOutputs], sets: Sets) -> Figure:
    columns = len(shown)
    figure, axes = plt.subplots(
        1, columns, figsize=(WIDTH, WIDTH / columns + 0.15), layout="constrained", squeeze=False
    )
    for axis, entry in zip(axes[0], shown, strict=True):
        _parity(axis, entry, sets)
        axis.set_title(entry.name)
        axis.set_xlabel(f"reference {LTC_LABEL}")
    axes[0, 0].set_ylabel(f"predicted {LTC_LABEL}")
    return figure


def _parity(axis: Axes, entry: MemberOutputs, sets: Sets) -> None:
    reference = sets[entry.trained_on]
    predictions = unseen_predictions(entry, reference, sets, "split")
    mean, covered = predictions.mean(), predictions.covered
    for name, rows, _ in reference.own_constants():
        inside = np.zeros(len(mean), dtype=bool)
        inside[rows] = True
        inside &= covered
        axis.scatter(
            reference.ltc[inside],
            mean[inside],
            s=9 if inside.sum() < 1000 else 2,  # noqa: PLR2004  (dots that do not hide each other)
            color=COLOURS[name],
            alpha=0.6 if inside.sum() < 1000 else 0.25,  # noqa: PLR2004
            linewidths=0,
            label=f"{TITLES[name]} ({inside.sum()})",
        )
    both = np.concatenate([reference.ltc[covered], mean[covered]])
    ends = np.array([both.min() / 1.4, both.max() * 1.4])
    axis.plot(ends, ends, color="k", linewidth=0.8)
    axis.fill_between(ends, ends / 2, ends * 2, color="k", alpha=0.07, linewidth=0)
    axis.set(xscale="log", yscale="log", xlim=ends, ylim=ends, box_aspect=1)
    axis.legend(loc="upper left", handletextpad=0.1, borderpad=0.1, markerscale=1.5)


def _spreads(shown: Sequence[MemberOutputs], sets: Sets) -> Figure:
    panels = [(entry, name) for entry in shown for name in (entry.trained_on, "phonix")]
    panels = [panel for panel in panels if panel[0].trained_on in {"mix", "aflow"}]
    panels = panels or [(shown[0], shown[0].trained_on), (shown[0], "phonix")]
    figure, axes = plt.subplots(
        1,
        len(panels),
        figsize=(WIDTH, WIDTH / len(panels) + 0.75),
        layout="constrained",
        squeeze=False,
    )
    for axis, (entry, name) in zip(axes[0], panels, strict=True):
        _spread(axis, entry, sets[name], sets)
        axis.set_title(f"{entry.name}\non {TITLES[name]}")
        axis.set_xlabel("spread of log10 LTC")
    axes[0, 0].set_ylabel("|error| of log10 LTC")
    lines = axes[0, -1].get_legend_handles_labels()
    figure.legend(*lines, loc="outside lower center", ncols=2)
    return figure


def _spread(axis: Axes, entry: MemberOutputs, reference: ReferenceSet, sets: Sets) -> None:
    own = reference.name == entry.trained_on
    predictions = unseen_predictions(entry, reference, sets, "split" if own else "new formula")
    spread, error, _ = spread_and_error(reference.ltc, predictions)
    if not len(error):
        axis.text(0.5, 0.5, "–", transform=axis.transAxes, ha="center", color="0.5")
        return
    size = 8 if len(error) < 1000 else 3  # noqa: PLR2004
    colour = COLOURS[reference.name]
    axis.scatter(spread, np.abs(error), s=size, color=colour, alpha=0.4, linewidths=0)
    order = np.argsort(spread)
    groups = [group for group in np.array_split(order, 8) if len(group)]
    middle = [np.median(spread[group]) for group in groups]
    axis.plot(
        middle,
        [np.median(np.abs(error[group])) for group in groups],
        "o-",
        color="k",
        markersize=3,
        linewidth=1,
        label="median of an eighth",
    )
    ends = np.array([0.005, 1.5])
    axis.plot(ends, ends, color="k", linewidth=0.7, linestyle=":", label="error = spread")
    axis.set(xscale="log", yscale="log", xlim=(0.005, 1.5), ylim=(0.001, 3), box_aspect=1)


def _decompositions(report: Report) -> Figure:
    rows = report.decomposition
    figure, axis = plt.subplots(figsize=(WIDTH, 3.2), layout="constrained")
    bars: tuple[tuple[str, str, str], ...] = (
        ("before", "stage 2, W/(m K)", "#9aa7b4"),
        ("after_published", "stage 3, published scale", "#e3a27f"),
        ("after", "stage 3, W/(m K)", "#1f6fb4"),
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
    axis.set_xticks(range(len(rows)), [f"{TITLES[row.dataset]}\n{row.preset}" for row in rows])
    axis.set_ylabel("MAPE (fraction)")
    figure.legend(loc="outside upper center", ncols=len(bars))
    return figure
