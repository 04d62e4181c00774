"""Figure of errors by epoch."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.data.catalogue import PAPER_SETS, TITLES
from training.evaluation.figures.style import BLUE, RED, STAGES, WIDTH
from training.evaluation.outputs import MemberOutputs
from training.fit.network.checkpoint import EpochRecord


def losses(chosen: Mapping[str, MemberOutputs]) -> Figure:
    """Return the errors by epoch of the ensembles by name."""
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
    for (label, members), colour in zip(curves.items(), (BLUE, RED), strict=True):
        length = min(len(member) for member in members)
        values = np.array([member[:length] for member in members])
        if np.isnan(values).all():
            continue
        epochs = np.arange(1, length + 1)
        axis.fill_between(epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.2)
        axis.plot(epochs, values.mean(axis=0), color=colour, linewidth=1.2, label=label)
