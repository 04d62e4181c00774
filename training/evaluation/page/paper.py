"""Section of the page: Table I as measured here, beside the published one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from training.data.catalogue import PAPER_SETS, TITLES
from training.evaluation.measure import PAPER_ENSEMBLES
from training.evaluation.page.aflow import aflow_section
from training.evaluation.page.markdown import EMPTY, images, number, pm, table
from training.evaluation.report import EpochChoice, PaperCell, Report

SUMMARY = ("paper-short", "published-code")  # as the paper says, and as its code does


def paper_section(report: Report, figures: Sequence[str]) -> Iterator[str]:
    """Yield the lines of Table I by the published procedure."""
    yield "## Table I, published procedure"
    presets = list(dict.fromkeys(cell.preset for cell in report.paper))
    yield ""
    if not presets:
        yield "No ensemble of the published procedure is there: nothing to compare yet."
        return
    yield (
        "MAPE as a fraction. *Published runs* are the nine runs of the published code, summarised "
        "here; away from the diagonal they give Table I to the last digit, on it Table I is higher "
        "(see below). The last two columns: ours less theirs, in their standard deviations."
    )
    for preset in presets:
        cells = [cell for cell in report.paper if cell.preset == preset]
        yield ""
        yield f"### Preset `{preset}`"
        yield ""
        yield from _agreement(cells)
        yield ""
        yield from table(
            ("ensemble", "tested on", "here", "Table I", "published runs", "Δ table", "Δ runs"),
            (_paper_row(cell) for cell in cells),
        )
    yield from images("table", figures)
    yield ""
    yield from aflow_section(report)
    yield from _epoch_choice(report)


def table_one(report: Report) -> Iterator[str]:
    """Yield Table I in its own form, by the presets `SUMMARY`, or the one with most of its cells.

    A cell holds what was measured here, by preset, and the mean of the nine published runs; it is
    bold where all presets are more than one standard deviation of the runs away.
    """
    counts = Counter(cell.preset for cell in report.paper)
    presets = [name for name in SUMMARY if name in counts] or [max(counts, key=counts.__getitem__)]
    cells: dict[tuple[str, str], dict[str, PaperCell]] = {}
    for cell in report.paper:
        if cell.preset in presets:
            cells.setdefault((cell.name, cell.test_set), {})[cell.preset] = cell
    yield _count_of_agreement(presets, list(cells.values()))
    yield ""
    titles = (f"on {TITLES[name]}" for name in PAPER_SETS)
    yield from table(
        (f"MAPE: {' / '.join(f'`{name}`' for name in presets)} / published runs", *titles),
        (
            (f"`{name}`", *(_brief(cells.get((name, other), {}), presets) for other in PAPER_SETS))
            for name in PAPER_ENSEMBLES
        ),
    )


def _count_of_agreement(presets: Sequence[str], cells: Sequence[Mapping[str, PaperCell]]) -> str:
    by_preset = []
    for preset in presets:
        known = [cell[preset] for cell in cells if preset in cell and cell[preset].runs]
        by_preset.append(f"{sum(map(_agrees, known))} of {len(known)} by preset `{preset}`")
    known_to_any = [cell for cell in cells if any(each.runs for each in cell.values())]
    either = sum(any(map(_agrees, cell.values())) for cell in known_to_any)
    text = f"Within one standard deviation of the published runs: {', '.join(by_preset)}"
    if len(presets) > 1:
        text += f"; {either} of {len(known_to_any)} by one or the other"
    return text + "."


def _agrees(cell: PaperCell) -> bool:
    return cell.from_runs is not None and abs(cell.from_runs) <= 1


def _brief(cells: Mapping[str, PaperCell], presets: Sequence[str]) -> str:
    if not cells:
        return EMPTY
    values = [f"{cells[name].ours.mean:.2f}" if name in cells else EMPTY for name in presets]
    runs = next(iter(cells.values())).runs
    text = " / ".join([*values, f"{runs.mean:.2f}" if runs else EMPTY])
    return f"**{text}**" if runs and not any(map(_agrees, cells.values())) else text


def _paper_row(cell: PaperCell) -> tuple[str, ...]:
    return (
        cell.name,
        TITLES[cell.test_set],
        pm(cell.ours),
        number(cell.table_mean, cell.table_std),
        pm(cell.runs),
        EMPTY if cell.from_table is None else f"{cell.from_table:+.1f}",
        EMPTY if cell.from_runs is None else f"{cell.from_runs:+.1f}",
    )


def _agreement(cells: Sequence[PaperCell]) -> Iterator[str]:
    for what, values in (
        ("Table I", [cell.from_table for cell in cells]),
        ("the published runs", [cell.from_runs for cell in cells]),
    ):
        known = [value for value in values if value is not None]
        inside = sum(abs(value) <= 1 for value in known)
        yield (
            f"{inside} of {len(known)} cells lie within one standard deviation of {what}; "
            f"Table I has {len(PAPER_ENSEMBLES) * len(PAPER_SETS)} cells."
        )
    far = [cell for cell in cells if cell.from_runs is not None and abs(cell.from_runs) > 1]
    if far:
        names = ", ".join(f"{c.name} on {TITLES[c.test_set]} ({c.from_runs:+.1f})" for c in far)
        yield f"Outside, against the runs: {names}."


def _epoch_choice(report: Report) -> Iterator[str]:
    if not report.epoch_choice:
        return
    yield "### The diagonal, and the choice of the epoch"
    yield ""
    yield (
        "Where a model is tested on the data set it is trained on, the nine published runs have a "
        "lower mean than Table I states. The published metric at the epoch that is kept, at the "
        "last one, and the median of the last ten. A kept epoch among the first says that the "
        "training got no better, or worse, from there on: at the published learning rate of 1e-3 "
        "members fall back to an error near a constant's, and some never leave it. "
        "The paper trains for 300 epochs everywhere; where fewer fitted here, the table says so."
    )
    yield ""
    diagonal = {(c.preset, c.name): c for c in report.paper if c.name.startswith(f"{c.test_set}-")}
    yield from table(
        (
            *("ensemble", "kept at epoch", "kept epoch", "last ten", "last epoch"),
            *("published runs", "Table I"),
        ),
        (_choice_row(row, diagonal[row.preset, row.name]) for row in report.epoch_choice),
    )


def _choice_row(row: EpochChoice, cell: PaperCell) -> tuple[str, ...]:
    kept = sorted(row.kept_at)
    return (
        f"{row.name} (`{row.preset}`)",
        f"{kept[len(kept) // 2]} ({kept[0]} to {kept[-1]}) of {row.epochs}",
        *(pm(value) for value in (row.kept, row.typical, row.last, cell.runs)),
        number(cell.table_mean, cell.table_std),
    )
