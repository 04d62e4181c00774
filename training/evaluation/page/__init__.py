"""Pages of documentation made from the evaluation report.

`reproduction.md` is written by hand but for the table between two marks; the pages in
`reproduction/` are written here as a whole. Every number comes from the report.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from training.evaluation.baselines import PRESET as BASELINE
from training.evaluation.measure import PAPER_ENSEMBLES
from training.evaluation.page.baselines import baseline_section
from training.evaluation.page.ensembles import ensemble_section
from training.evaluation.page.held_out import held_out_section
from training.evaluation.page.markdown import images, protocol_name, table
from training.evaluation.page.paper import paper_section, table_one
from training.evaluation.page.transfer import transfer_section
from training.evaluation.page.units import units_section
from training.evaluation.report import Report

SUMMARY = "reproduction.md"
BEGIN, END = "<!-- table -->\n", "<!-- end -->\n"
NOTE = """\
Written by `python -m training evaluate`; do not edit. Terms and protocols:
[Reproduction](../reproduction.md). All figures, split by split: [report.json](report.json).
"""


def write_pages(report: Report, figures: Sequence[str], docs: Path) -> list[Path]:
    """Write the pages of the report in `docs` and return their paths, the summary first.

    `figures` are the names of files in `docs/images`.
    """
    summary = docs / SUMMARY
    text = summary.read_text() if summary.exists() else f"# Reproduction\n\n{BEGIN}{END}"
    summary.write_text(filled(text, table_one(report)))
    pages = {docs / "reproduction" / name: text for name, text in appendices(report, figures)}
    for path, text in pages.items():
        path.write_text(text)
    return [summary, *pages]


def filled(text: str, lines: Iterable[str]) -> str:
    """Return the summary with these lines between its marks, all else as it was."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "".join(f"{line}\n" for line in lines) + END + after


def appendices(report: Report, figures: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page in `reproduction/`."""
    yield "01-ensembles-and-data.md", _page("Ensembles and data", _members(report), _data(report))
    yield "02-table-1.md", _page("Table I cell by cell", paper_section(report, figures))
    yield "03-units.md", _page("Learning and units", units_section(report, figures))
    yield "04-held-out-errors.md", _page("Errors in W/(m K)", held_out_section(report, figures))
    yield "05-simple-models.md", _page("Simple models", baseline_section(report))
    yield "06-mean-and-spread.md", _page("Mean and spread", ensemble_section(report, figures))
    yield "07-loss-curves.md", _page("Loss curves", _losses(figures))
    yield "08-transfer.md", _page("What each stage is worth", transfer_section(report, figures))


def _page(title: str, *sections: Iterable[str]) -> str:
    lines = [f"# {title}", "", *NOTE.splitlines()]
    for section in sections:
        lines += ["", *section]
    return "\n".join(lines) + "\n"


def _members(report: Report) -> Iterator[str]:
    yield "## What was measured"
    yield ""
    presets = dict.fromkeys(e.preset for e in report.evaluated if e.preset != BASELINE)
    for preset in presets:
        chosen = [entry for entry in report.evaluated if entry.preset == preset]
        counts = ", ".join(f"{entry.name} ({len(entry.splits)})" for entry in chosen)
        protocol = protocol_name(chosen[0].protocol)
        yield f"- preset `{preset}`, {protocol} protocol, members in brackets: {counts}"
        missing = [name for name in PAPER_ENSEMBLES if name not in {entry.name for entry in chosen}]
        if missing:
            yield f"  - not there: {', '.join(missing)}"


def _losses(figures: Sequence[str]) -> Iterator[str]:
    found = [name for name in figures if name.startswith("reproduction-loss")]
    if not found:
        return
    yield "## Loss curves"
    yield ""
    yield "As the paper's Figs. 3 to 5: mean over the splits, shaded from least to greatest."
    yield from images("loss", figures)


def _data(report: Report) -> Iterator[str]:
    yield "## Data"
    yield ""
    yield from table(("file", "sha256"), ((d.file_name, f"`{d.sha256[:16]}`") for d in report.data))
