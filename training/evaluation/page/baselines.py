"""Section of the page: ensembles beside simple models on the same splits."""

from collections.abc import Iterator, Sequence

from training.config import HELD_OUT
from training.data.catalogue import TITLES
from training.evaluation.baselines import PRESET as BASELINE
from training.evaluation.baselines import TITLES as BASELINES
from training.evaluation.page.markdown import pm, table
from training.evaluation.report import HeldOutCell, Report
from training.scoring.scores import COLUMNS

MAIN_SETS = ("dataset1", "dataset2", "mix")


def baseline_section(report: Report) -> Iterator[str]:
    """Yield the lines of the comparison with simple models."""
    yield "## Against simple models"
    yield ""
    yield (
        "The same nine splits, held-out protocol: a constant, ridge regression on MEGNet's "
        "published embeddings, and ExtraTrees on the descriptors of `recommended`; all fitted to "
        "log10(LTC) of training rows, penalties and leaf sizes chosen by cross-validation inside "
        "them. The paper's networks are fitted to the MAPE itself, which rewards low answers: read "
        "MAE(log10) and the median beside it. Mean ± standard deviation over the splits."
    )
    held_out = [c for c in report.held_out if c.protocol == HELD_OUT and c.view == "split"]
    for test_set in MAIN_SETS:
        cells = [cell for cell in held_out if cell.test_set == test_set and _trained_near(cell)]
        if not cells:
            continue
        yield ""
        yield f"### {TITLES[test_set]}"
        yield ""
        shown = ("mape", "median_ape", "mae_log10", "spearman", "sre")
        yield from table(
            ("model", "trained on", *(COLUMNS[name] for name in shown)),
            (
                (*_model(cell), *(pm(cell.members[name], 3) for name in shown))
                for cell in sorted(cells, key=lambda cell: cell.members["mape"].mean)
            ),
        )
        yield ""
        yield from _verdicts(cells)


def _trained_near(cell: HeldOutCell) -> bool:
    """Tell whether the model was trained on the test set's kind of crystals in its last stage."""
    trained_on = _trained_on(cell)
    return trained_on in {cell.test_set, "mix"} or cell.name == "aflow-stage2"


def _trained_on(cell: HeldOutCell) -> str:
    return cell.name.split("-")[1 if cell.preset == BASELINE else 0]


def _model(cell: HeldOutCell) -> tuple[str, str]:
    trained_on = TITLES[_trained_on(cell)]
    if cell.preset == BASELINE:
        return BASELINES[cell.name.split("-")[0]], trained_on
    return f"**{cell.name}** (`{cell.preset}`)", trained_on


def _verdicts(cells: Sequence[HeldOutCell]) -> Iterator[str]:
    """Yield for each stage-3 ensemble how it compares with the best baseline, split by split."""
    simple = [cell for cell in cells if cell.preset == BASELINE]
    for cell in cells:
        if not cell.name.endswith("stage3") or not simple:
            continue
        for metric in ("mape", "mae_log10"):
            yield _verdict(cell, min(simple, key=lambda c: c.members[metric].mean), metric)


def _verdict(cell: HeldOutCell, best: HeldOutCell, metric: str) -> str:
    ours, theirs = cell.members[metric], best.members[metric]
    name = f"{BASELINES[best.name.split('-')[0]]} trained on {TITLES[_trained_on(best)]}"
    word = "better" if ours.mean < theirs.mean else "NOT better"
    wins = ""
    if len(ours.values) == len(theirs.values):
        won = sum(a < b for a, b in zip(ours.values, theirs.values, strict=True))
        wins = f", in {won} of {len(ours.values)} splits"
    return (
        f"- {cell.name} (`{cell.preset}`) is {word} than the best simple model by "
        f"{COLUMNS[metric]}, {name}: {pm(ours, 3)} against {pm(theirs, 3)}{wins}."
    )
