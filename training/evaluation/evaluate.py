"""The evaluation report and its figures, from trained ensembles and data."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from models.errors import DataError
from training.evaluation.baselines import PRESET as BASELINE
from training.evaluation.baselines import baseline_outputs
from training.evaluation.figures.draw import draw_figures
from training.evaluation.measure import build_report
from training.evaluation.outputs import MemberOutputs, read_all_outputs, single_sets, write_outputs
from training.evaluation.page import write_pages
from training.evaluation.published import read_published_table
from training.evaluation.reference import ReferenceSet, read_reference_sets
from training.evaluation.sources import FoundEnsemble, find_ensembles

logger = logging.getLogger(__name__)
Sets = Mapping[str, ReferenceSet]
Known = Mapping[tuple[str, str], MemberOutputs]


def evaluate(
    data_dir: Path,
    ensembles: Path,
    runs: Sequence[Path],
    out: Path,
    only: Sequence[str] | None = None,
) -> list[Path]:
    """Write `reproduction.md`, `reproduction/` and `images/` in `out`; return the paths.

    The members' answers are kept in `reproduction/outputs`, and stand for ensembles whose weights
    are not here, or whose preset is not among `only`. Raises ParaisiteError where a data set, an
    ensemble or kept answers are unusable.
    """
    sets = read_reference_sets(data_dir)
    published = read_published_table(data_dir)
    found = find_ensembles(ensembles, runs)
    chosen = [each for each in found if only is None or each.preset in only]
    kept = out / "reproduction" / "outputs"
    known = read_all_outputs(kept)
    fresh = _ensemble_outputs(chosen, sets, known)
    if only is None or BASELINE in only:
        fresh = chain(fresh, baseline_outputs(sets, data_dir, known))
    outputs = _all_outputs(fresh, known, sets, kept)
    logger.info("scoring %d ensembles and baselines", len(outputs))
    report = build_report(outputs, sets, published)
    json_path = out / "reproduction" / "report.json"
    json_path.write_text(report.model_dump_json(indent=1) + "\n")
    figures = draw_figures(report, outputs, sets, published, out / "images")
    return [*write_pages(report, [path.name for path in figures], out), json_path, *figures]


def _all_outputs(
    fresh: Iterator[MemberOutputs], known: Known, sets: Sets, kept: Path
) -> list[MemberOutputs]:
    """Return the outputs of everything that is here or known, by preset and name.

    New ones are written as they come, so that work cut short goes on where it was.
    """
    for entry in known.values():
        _check_data(entry, sets)  # before any of them is replaced
    found = dict(known)
    for entry in fresh:
        key = (entry.preset, entry.name)
        if known.get(key) is not entry:
            write_outputs(entry, kept)
        found[key] = entry
    return [found[key] for key in sorted(found)]


def _ensemble_outputs(
    ensembles: Sequence[FoundEnsemble], sets: Sets, known: Known
) -> Iterator[MemberOutputs]:
    for ensemble in ensembles:
        kept = known.get((ensemble.preset, ensemble.name))
        if kept and kept.digest == ensemble.digest(sets):
            yield kept
        else:
            size = len(ensemble.splits)
            logger.info("%s (%s): %d members predict", ensemble.name, ensemble.preset, size)
            yield ensemble.outputs(sets)


def _check_data(entry: MemberOutputs, sets: Sets) -> None:
    unknown = set(entry.split.dealt) - set(sets)
    if entry.split.kind == "grouped" and unknown:
        raise DataError(
            f"The kept outputs of {entry.name} ({entry.preset}) are of a split of "
            f"{', '.join(unknown)}, which is not here; choose another --out."
        )
    for name, reference in single_sets(sets).items():
        if name not in entry.targets:
            continue  # kept from before the set was there
        found = entry.targets[name].shape
        if found != (len(entry.splits), len(reference.ltc)):
            raise DataError(
                f"The kept outputs of {entry.name} ({entry.preset}) for {name} are {found}, "
                "not of this data set; choose another --out, or remove them."
            )
