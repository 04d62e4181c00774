"""Section of the page: what AFLOW's stage 2 decides, and its members one by one."""

from collections.abc import Iterator, Mapping

from training.data.catalogue import TITLES
from training.evaluation.baselines import PRESET as BASELINE
from training.evaluation.page.markdown import EMPTY, pm, table
from training.evaluation.report import EpochChoice, PaperCell, Report
from training.stages import FOUNDATION, STAGES

AFLOW_TRAININGS = """\
Stage 3 starts from the members of `aflow-stage2`. Below are the cells that hang on it, with this
stage trained in four ways and everything else as published: `paper-short` at the published
learning rate of 1e-3, stopped after 30 epochs; `paper` the same with all 300, on one split;
`paper-gentle` at 3e-4, 30 epochs; `published-code` as `paper-short`, from random weights. In
brackets: the number of splits. Where `paper` and `paper-short` agree on a split, both keep the same
epoch, and the epochs after the 30th brought nothing. What was concluded:
[decision 12](../decisions/0012-aflow-learning-rate.md)."""
MEMBERS = """\
#### AFLOW's members one by one

MAPE on AFLOW's validation rows at the kept epoch (its number in brackets) and, after the arrow,
the median of the last ten epochs. *Constant*: the one number with the least MAPE on the training
rows. A member whose last ten epochs are no better than that is bold: it has collapsed."""
NETWORKS = """\
#### Where the networks differ

Read: the published network is matgl's MEGNet, this project's is the first one (megnet), whose
published weights it loads. Measured, in a copy of this code changed in the four places below: under
`published-code` the members of splits 1, 2 and 4, which collapse here, train (lowest errors 0.53,
0.52 and 0.51 in 30 epochs). The other splits and stage 3 were not trained so: that the six cells
would follow is inferred. Which of the four matters is not known; the last alone has no effect
([experiment 12](../development/12-aflow-learning-rate.md)).

| | matgl | here |
|---|---|---|
| Gaussians of the bond length d in Å | exp(-d²/2) | exp(-4d²) |
| last layer of each update | softplus2 | linear |
| set2set | 2 steps, 32 features, LSTM with cell state | 3 steps, 16 features, without |
| last 16 features of MEGNet | linear | softplus2 |"""

OWN = (FOUNDATION, STAGES[FOUNDATION].dataset)  # the ensemble, and the data set it is tested on


def aflow_section(report: Report) -> Iterator[str]:
    """Yield the cells that hang on AFLOW's stage 2, by how that was trained, and its members."""
    hanging = {name for name, stage in STAGES.items() if FOUNDATION in {name, stage.parent}}
    cells = [cell for cell in report.paper if cell.name in hanging]
    presets = sorted({cell.preset for cell in cells})
    if len(presets) < 2:  # noqa: PLR2004 - nothing to compare
        return
    yield "### What AFLOW's training decides"
    yield ""
    yield AFLOW_TRAININGS
    yield ""
    splits = {(e.preset, e.name): e.splits for e in report.evaluated}
    by_row: dict[tuple[str, str], dict[str, PaperCell]] = {}
    for cell in cells:
        by_row.setdefault((cell.name, cell.test_set), {})[cell.preset] = cell
    yield from table(
        ("ensemble", "tested on", *(f"`{preset}`" for preset in presets), "published runs"),
        (
            (
                name,
                TITLES[test_set],
                *(_by_splits(row.get(preset), splits.get((preset, name))) for preset in presets),
                pm(next(iter(row.values())).runs),
            )
            for (name, test_set), row in by_row.items()
        ),
    )
    yield ""
    yield from _members(report)


def _by_splits(cell: PaperCell | None, splits: tuple[int, ...] | None) -> str:
    """Return the cell, how many splits it is of, and what it is on the first alone."""
    if cell is None or splits is None:
        return EMPTY
    if len(splits) == 1:
        return f"split {splits[0]}: {pm(cell.ours)}"
    return f"{pm(cell.ours)} ({len(splits)}); split {splits[0]}: {cell.ours.values[0]:.2f}"


def _members(report: Report) -> Iterator[str]:
    """Yield each member's error at the kept epoch and at the end, beside a constant's."""
    splits = {(e.preset, e.name): e.splits for e in report.evaluated}
    rows = [row for row in report.epoch_choice if row.name == FOUNDATION]
    constant = _constant(report, splits)
    runs = next((c.runs for c in report.paper if (c.name, c.test_set) == OWN and c.runs), None)
    if not rows or not constant:
        return
    yield from MEMBERS.splitlines()
    yield ""
    texts = [_of_members(row, splits[row.preset, row.name], constant) for row in rows]
    published = dict(enumerate(runs.values, start=1)) if runs else {}
    yield from table(
        ("split", *(f"`{row.preset}`" for row in rows), "constant", "published runs"),
        (
            (
                str(split),
                *(text.get(split, EMPTY) for text in texts),
                f"{error:.2f}",
                f"{published[split]:.2f}" if split in published else EMPTY,
            )
            for split, error in constant.items()
        ),
    )
    yield ""
    for row, text in zip(rows, texts, strict=True):
        collapsed = sum("**" in each for each in text.values())
        yield f"- `{row.preset}`: {collapsed} of {len(text)} members have collapsed at the end."
    yield ""
    yield from NETWORKS.splitlines()
    yield ""


def _constant(
    report: Report, splits: Mapping[tuple[str, str], tuple[int, ...]]
) -> Mapping[int, float]:
    """Return the constant's MAPE on AFLOW by split."""
    dataset = OWN[1]
    wanted = (BASELINE, f"constant-{dataset}", dataset, "split")
    for cell in report.held_out:
        if (cell.preset, cell.name, cell.test_set, cell.view) == wanted:
            of = splits[cell.preset, cell.name]
            return dict(zip(of, cell.members["mape"].values, strict=True))
    return {}


def _of_members(
    row: EpochChoice, splits: tuple[int, ...], constant: Mapping[int, float]
) -> Mapping[int, str]:
    values = zip(splits, row.kept.values, row.kept_at, row.typical.values, strict=True)
    texts = {}
    for split, kept, epoch, typical in values:
        text = f"{kept:.2f} ({epoch}) → {typical:.2f}"
        collapsed = typical >= constant.get(split, float("inf"))
        texts[split] = f"**{text}**" if collapsed else text
    return texts
