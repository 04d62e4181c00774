"""The report as a page of documentation; every number on it comes from the report."""

from collections.abc import Iterator, Sequence

from training.evaluation.baselines import PRESET as BASELINE
from training.evaluation.measure import PAPER_ENSEMBLES
from training.evaluation.page.baselines import baseline_section
from training.evaluation.page.ensembles import ensemble_section
from training.evaluation.page.held_out import held_out_section
from training.evaluation.page.markdown import images, table
from training.evaluation.page.paper import paper_section
from training.evaluation.page.units import units_section
from training.evaluation.report import Report

INTRODUCTION = """\
# Reproduction

The paper (Klochko et al., arXiv 2411.18259) states its result as a table of MAPE: three stages,
four data sets, nine splits. This page has that table again, measured by the published procedure,
and the errors of the same and other members in W/(m K). It is written by

    python -m training evaluate

from the ensembles found in `models/ensembles` and `runs`, their stored predictions in
`docs/reproduction/outputs`, and the data; nothing is trained. An ensemble that is not there leaves
its cells empty (–). All figures, split by split: [report.json](reproduction/report.json).

Two protocols, never mixed:

- **paper**: labels standardised with each data set's own constants, over all its rows, and taken
  back with the model's; the epoch is chosen on the 20 % that is reported. At stage 3 the model's
  constants are AFLOW's.
- **held-out**: one transform, fitted on training rows; errors in W/(m K); nothing is chosen on the
  20 %. Predictions are as served, at least 0.01 W/(m K).

± is the sample standard deviation over the splits (n - 1: with it the published runs give
Table I's). An interval in brackets holds 95 % of bootstrap draws of the crystals: it is the
uncertainty from the choice of crystals, not from the training.
"""


def reproduction_page(report: Report, figures: Sequence[str]) -> str:
    """Return the page in Markdown; `figures` are the files in `images/` beside it."""
    sections = (
        INTRODUCTION.splitlines(),
        _members(report),
        paper_section(report, figures),
        units_section(report, figures),
        held_out_section(report, figures),
        baseline_section(report),
        ensemble_section(report, figures),
        _losses(figures),
        _data(report),
    )
    return "\n".join(line for section in sections for line in [*section, ""]).rstrip() + "\n"


def _members(report: Report) -> Iterator[str]:
    yield "## What was measured"
    yield ""
    presets = dict.fromkeys(e.preset for e in report.evaluated if e.preset != BASELINE)
    for preset in presets:
        chosen = [entry for entry in report.evaluated if entry.preset == preset]
        counts = ", ".join(f"{entry.name} ({len(entry.splits)})" for entry in chosen)
        yield f"- preset `{preset}`, protocol {chosen[0].protocol}, members in brackets: {counts}"
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
