"""Section of the page: what each stage of transfer is worth."""

from collections.abc import Iterator, Sequence

from training.data.catalogue import TITLES
from training.evaluation.page.markdown import images, interval_text, pm, table
from training.evaluation.report import Decomposition, Report, StageChange, TransferCell
from training.scoring.scores import COLUMNS

INTRODUCTION = """\
Preset `stages`: stage 1 starts from random weights, stage 2 from MEGNet's weights (really loaded),
stage 3 from the AFLOW model that began with them. All three have one schedule, long enough for
random weights, so that they differ in their start alone. Held-out protocol, errors in W/(m K), the
same nine splits: a change is paired, member by member, on the crystals that its split keeps from
the training rows of its own data set.

- *held out*: all these crystals of the data set trained on. Nearly all formulas of Dataset1 and
  half of Dataset2's are in AFLOW too: stage 3 has mostly seen an AGL estimate of the same compound.
- *new formula*: of these, the crystals whose formula is in no stage's training rows; splits with
  fewer than five of them do not count, which leaves none of Dataset1.
- *other types*: crystals of Phonix 2026 that are neither rocksalt, zincblende, wurtzite nor
  half-Heusler, with formulas that none of the paper's data sets has.

± is the standard deviation over the splits. Brackets hold 95 % intervals of the mean change. The
nine trainings share most of their rows, so that a plain t interval is too narrow; these are
corrected after Nadeau and Bengio (Machine Learning 52, 239 (2003)): variance times
(1/9 + 0.2/0.8), t with 8 degrees of freedom. On Phonix all splits are tested on the same crystals;
the variance of the mean over crystals is added. Bold: the interval leaves out 0. Intervals are not
corrected for their number."""

PUBLISHED_CODE = "published-code"
WITHOUT_MEGNET = """
### Without MEGNet's weights, as the published code trains

Preset `published-code`: stage 2 starts from random weights, stage 3 from an AFLOW model that began
with random weights. MAPE in W/(m K), the same nine splits, paired and with intervals as above, but
by the paper's protocol: the epoch is chosen on the rows that are tested, which flatters both
stages."""


def transfer_section(report: Report, figures: Sequence[str]) -> Iterator[str]:
    """Yield the lines on errors after each stage and on their changes."""
    yield "## What each stage of transfer is worth"
    yield ""
    if not report.transfer:
        yield "Preset `stages` is not there: nothing to compare yet."
        return
    yield from INTRODUCTION.splitlines()
    for metric in dict.fromkeys(cell.metric for cell in report.transfer):
        yield ""
        yield f"### {COLUMNS[metric]}"
        yield ""
        cells = [cell for cell in report.transfer if cell.metric == metric]
        yield from table(
            ("trained on", "tested on", "n", *cells[0].errors, *cells[0].changes),
            (_row(cell) for cell in cells),
        )
    yield from images("transfer", figures)
    rows = [row for row in report.decomposition if row.preset == PUBLISHED_CODE]
    if rows:
        yield from WITHOUT_MEGNET.splitlines()
        yield ""
        yield from table(
            ("data set", "stage 2", "stage 3", "stage 3 - stage 2"), map(_published_row, rows)
        )


def _published_row(row: Decomposition) -> tuple[str, ...]:
    change = f"{row.learning.mean:+.3f}{interval_text(row.learning_interval)}"
    return (TITLES[row.dataset], pm(row.before, 3), pm(row.after, 3), change)


def _row(cell: TransferCell) -> tuple[str, ...]:
    return (
        TITLES[cell.dataset],
        f"{TITLES[cell.test_set]}, {cell.view}",
        str(cell.n_crystals),
        *(pm(errors, 3) for errors in cell.errors.values()),
        *(_change(change) for change in cell.changes.values()),
    )


def _change(change: StageChange) -> str:
    lower, upper = change.interval
    text = f"{change.mean:+.3f}{interval_text(change.interval)}"
    return text if lower <= 0 <= upper else f"**{text}**"
