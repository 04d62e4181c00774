"""Section of the page: gain of the ensemble over its members."""

from collections.abc import Iterator, Sequence

from training.config import HELD_OUT
from training.data.catalogue import TITLES, parts_of
from training.evaluation.baselines import PRESET as BASELINE
from training.evaluation.page.markdown import images, table
from training.evaluation.report import HeldOutCell, Report


def ensemble_section(report: Report, figures: Sequence[str]) -> Iterator[str]:
    """Yield the lines on mean and spread."""
    yield "## What the ensemble adds"
    yield ""
    yield (
        "Errors of a single member and of the members' mean, on crystals that two members or more "
        "had not seen: in the ensemble's own data those of its splits, elsewhere those of new "
        "formulas. In its own data a crystal is unseen by two members on average, by one where "
        "splits are grouped, so that the full nine-member mean shows only on data no member has."
    )
    rows = [cell for cell in report.held_out if cell.gain and _is_shown(cell)]
    yield ""
    yield from table(
        (
            *("ensemble", "tested on", "n", "members"),
            *("MAPE, member", "MAPE, mean", "MAE(log10), member", "MAE(log10), mean"),
        ),
        (_gain_row(cell) for cell in rows),
    )
    yield ""
    yield (
        "Does the spread (standard deviation of the members' log10 LTC, three members or more) "
        "rank the errors, and is it of their size? Within one and two spreads: 0.68 and 0.95 if "
        "it were a normal standard deviation; the last column is how many spreads hold 90 % "
        "(normal: 1.64)."
    )
    yield ""
    yield from table(
        (
            *("ensemble", "tested on", "n", "members", "Spearman, spread and error", "p"),
            *("within one", "within two", "spreads for 90 %"),
        ),
        (row for cell in rows if (row := _spread_row(cell))),
    )
    yield from images("spread", figures)


def _is_shown(cell: HeldOutCell) -> bool:
    own = cell.name.split("-")[0]
    view = "split" if cell.test_set in {own, *parts_of(own)} else "new formula"
    return cell.preset != BASELINE and cell.protocol == HELD_OUT and cell.view == view


def _gain_row(cell: HeldOutCell) -> tuple[str, ...]:
    gain = cell.gain
    if gain is None:
        return ()
    return (
        f"{cell.name} (`{cell.preset}`)",
        TITLES[cell.test_set],
        str(gain.n_crystals),
        f"{gain.members_per_crystal:.1f}",
        f"{gain.member_mape:.3f}",
        f"{gain.mean_mape:.3f}",
        f"{gain.member_mae_log10:.3f}",
        f"{gain.mean_mae_log10:.3f}",
    )


def _spread_row(cell: HeldOutCell) -> tuple[str, ...]:
    spread = cell.spread
    if spread is None:
        return ()
    return (
        f"{cell.name} (`{cell.preset}`)",
        TITLES[cell.test_set],
        str(spread.n_crystals),
        f"{spread.members_per_crystal:.1f}",
        f"{spread.spearman:.2f}",
        f"{spread.p_value:.1g}",
        f"{spread.within_one:.2f}",
        f"{spread.within_two:.2f}",
        f"{spread.factor_90:.1f}",
    )
