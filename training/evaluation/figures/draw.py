"""Figures of the evaluation report, 830 pixels wide."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from training.config import HELD_OUT
from training.evaluation.figures.losses import losses
from training.evaluation.figures.predictions import PARITY, parities, spreads
from training.evaluation.figures.stages import decompositions, transfer
from training.evaluation.figures.style import DOTS, STYLE
from training.evaluation.figures.table_one import tables
from training.evaluation.outputs import MemberOutputs
from training.evaluation.published import PublishedTable
from training.evaluation.reference import ReferenceSet
from training.evaluation.report import Report
from training.evaluation.transfer import PRESET as TRANSFER

Sets = Mapping[str, ReferenceSet]


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
        yield f"table-{preset}", partial(tables, report, preset, published)
    for preset in dict.fromkeys(entry.preset for entry in outputs):
        if preset == TRANSFER:
            continue  # has a figure of its own
        chosen = {entry.name: entry for entry in outputs if entry.preset == preset}
        if any(entry.histories for entry in chosen.values()):
            yield f"loss-{preset}", partial(losses, chosen)
        shown = [chosen[name] for name in PARITY if name in chosen]
        if shown and shown[0].protocol == HELD_OUT:
            yield f"parity-{preset}", partial(parities, shown, sets)
            yield f"spread-{preset}", partial(spreads, shown, sets)
    if report.decomposition:
        yield "units", partial(decompositions, report)
    if report.transfer:
        yield "transfer", partial(transfer, report)
