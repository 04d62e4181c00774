"""Section of the page: stage 3's change, split into learning and units."""

from collections.abc import Iterator, Sequence

from training.data.catalogue import TITLES
from training.evaluation.page.markdown import images, interval_text, pm, protocol_name, table
from training.evaluation.report import Decomposition, Report, UnitsCell

CHANGES = (
    *("data set", "preset (protocol)", "stage 2", "stage 3", "stage 3, published"),
    *("learning", "units"),
)
SCALES = ("ensemble", "preset (protocol)", "tested on", "published scale", "W/(m K)")


def units_section(report: Report, figures: Sequence[str]) -> Iterator[str]:
    """Yield the lines on learning and units."""
    yield "## How much is learning, how much is units"
    yield ""
    yield (
        "The same predictions, with references and predictions taken to the constants the paper "
        "reports with (stage 3: AFLOW's), and in W/(m K). A single scale for all data sets "
        "compresses Dataset1 (standard deviation of log10(LTC + 1) 0.75, AFLOW's 0.38) and "
        "stretches Dataset2 (0.24). Brackets: 95 % intervals of the mean over the splits, as in "
        "[what each stage is worth](08-transfer.md)."
    )
    if report.decomposition:
        yield ""
        yield from table(CHANGES, (_decomposition_row(row) for row in report.decomposition))
        yield ""
        yield from (_decomposition_sentence(row) for row in report.decomposition)
    yield from images("units", figures)
    yield ""
    yield from table(SCALES, (_units_row(cell) for cell in report.units))


def _decomposition_row(row: Decomposition) -> tuple[str, ...]:
    values = (row.before, row.after, row.after_published, row.learning, row.units)
    return (TITLES[row.dataset], _preset(row), *(pm(value, 3) for value in values))


def _units_row(cell: UnitsCell) -> tuple[str, ...]:
    values = (cell.published_scale, cell.wmk)
    return (cell.name, _preset(cell), TITLES[cell.test_set], *(pm(value, 3) for value in values))


def _preset(entry: Decomposition | UnitsCell) -> str:
    return f"`{entry.preset}` ({protocol_name(entry.protocol)})"


def _decomposition_sentence(row: Decomposition) -> str:
    reported = row.after_published.mean - row.before.mean
    return (
        f"- {TITLES[row.dataset]}, `{row.preset}`: reported as the paper does, stage 3 changes the "
        f"MAPE by {reported:+.3f} ({row.before.mean:.3f} to {row.after_published.mean:.3f}); "
        f"{row.learning.mean:+.3f}{interval_text(row.learning_interval)} of it is learned, "
        f"{row.units.mean:+.3f} is units."
    )
