"""Section of the page: stage 3's change, split into learning and units."""

from collections.abc import Iterator, Sequence

from training.data.catalogue import TITLES
from training.evaluation.page.markdown import images, interval_text, pm, protocol_name, table
from training.evaluation.report import Decomposition, Report


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
        yield from table(
            (
                *("data set", "preset (protocol)", "stage 2", "stage 3", "stage 3, published"),
                *("learning", "units"),
            ),
            (_decomposition_row(row) for row in report.decomposition),
        )
        yield ""
        yield from (_decomposition_sentence(row) for row in report.decomposition)
    yield from images("units", figures)
    yield ""
    yield from table(
        ("ensemble", "preset (protocol)", "tested on", "published scale", "W/(m K)"),
        (
            (
                cell.name,
                f"`{cell.preset}` ({protocol_name(cell.protocol)})",
                TITLES[cell.test_set],
                pm(cell.published_scale, 3),
                pm(cell.wmk, 3),
            )
            for cell in report.units
        ),
    )


def _decomposition_row(row: Decomposition) -> tuple[str, ...]:
    values = (row.before, row.after, row.after_published, row.learning, row.units)
    name = f"`{row.preset}` ({protocol_name(row.protocol)})"
    return (TITLES[row.dataset], name, *(pm(value, 3) for value in values))


def _decomposition_sentence(row: Decomposition) -> str:
    reported = row.after_published.mean - row.before.mean
    return (
        f"- {TITLES[row.dataset]}, `{row.preset}`: reported as the paper does, stage 3 changes the "
        f"MAPE by {reported:+.3f} ({row.before.mean:.3f} to {row.after_published.mean:.3f}); "
        f"{row.learning.mean:+.3f}{interval_text(row.learning_interval)} of it is learned, "
        f"{row.units.mean:+.3f} is units."
    )
