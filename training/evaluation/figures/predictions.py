"""Figures of out-of-fold predictions: with the references, and their spread with the error."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.data.catalogue import TITLES
from training.evaluation.figures.style import COLOURS, WIDTH
from training.evaluation.outputs import MemberOutputs
from training.evaluation.reference import EARLIER, ReferenceSet
from training.evaluation.spread import spread_and_error
from training.evaluation.transfer import OTHER_TYPES
from training.evaluation.unseen import unseen_predictions

Sets = Mapping[str, ReferenceSet]
PARITY = ("dataset1-stage3", "dataset2-stage3", "mix-stage3", "aflow-stage2")
LTC_LABEL = "LTC [W/(m K)]"


def parities(shown: Sequence[MemberOutputs], sets: Sets) -> Figure:
    """Return predictions beside references for these ensembles."""
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


def spreads(shown: Sequence[MemberOutputs], sets: Sets) -> Figure:
    """Return spread and error of the mean for these ensembles."""
    elsewhere = EARLIER if EARLIER in sets else OTHER_TYPES
    panels = [
        (entry, name)
        for entry in shown
        for name in (entry.trained_on, elsewhere)
        if entry.covers(sets[name])
    ]
    panels = [panel for panel in panels if panel[0].trained_on in {"mix", "aflow"}] or panels[:2]
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
