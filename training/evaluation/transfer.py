"""Errors after each stage, and what a stage changes, split by split."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from models.errors import DataError
from training.data.catalogue import PAPER_SETS
from training.data.splits import TRAIN_FRACTION
from training.evaluation.outputs import MemberOutputs
from training.evaluation.reference import ReferenceSet, training_formulas
from training.evaluation.report import Spread, StageChange, TransferCell
from training.stages import FOUNDATION, STAGES

Numbers = NDArray[np.float64]
Masks = NDArray[np.bool_]
Sets = Mapping[str, ReferenceSet]

PRESET = "stages"
DATASETS = ("dataset1", "dataset2", "mix")
OTHER_TYPES = "phonix_2026"
TYPES = frozenset({"rocksalt", "zincblende", "wurtzite", "half_heusler"})  # of Dataset1 and 2
METRICS = ("mape", "mae_log10")
FEWEST_CRYSTALS = 5
LEVEL = 0.95


def transfer_cells(outputs: Sequence[MemberOutputs], sets: Sets) -> Iterator[TransferCell]:
    """Yield the errors and changes for each data set with all three stages of preset `stages`."""
    by_name = {entry.name: entry for entry in outputs if entry.preset == PRESET}
    for dataset in DATASETS:
        stages = {f"stage{n}": by_name.get(f"{dataset}-stage{n}") for n in (1, 2, 3)}
        found = {name: entry for name, entry in stages.items() if entry}
        if len(found) < len(stages):
            continue
        splits = found["stage1"].splits
        if any(entry.splits != splits for entry in found.values()):
            raise DataError(f"The stages of {dataset} have other splits; train all of them.")
        own, other = sets[dataset], sets[OTHER_TYPES]
        held_out = np.array([own.validation(split) for split in splits])
        new = held_out & ~_seen(dataset, splits, own, sets)
        yield from _cells(found, own, sets, "held out", held_out)
        yield from _cells(found, own, sets, "new formula", new)
        unknown = np.tile(_of_other_types(other, sets), (len(splits), 1))
        yield from _cells(found, other, sets, "other types", unknown)


def _seen(dataset: str, splits: Sequence[int], reference: ReferenceSet, sets: Sets) -> Masks:
    """Return true for crystals [n_splits, n_crystals] whose formula some stage is trained on."""
    chain = (STAGES[FOUNDATION].dataset, dataset)
    formulas = [list(training_formulas(chain, split, sets)) for split in splits]
    return np.array([np.isin(reference.formulas, known) for known in formulas])


def _of_other_types(reference: ReferenceSet, sets: Sets) -> Masks:
    """Return true for crystals of none of the paper's structure types and formulas."""
    known = np.concatenate([sets[name].formulas for name in PAPER_SETS])
    types = np.isin(reference.data.types, list(TYPES))
    return ~types & ~np.isin(reference.formulas, known)


def _cells(
    stages: Mapping[str, MemberOutputs],
    reference: ReferenceSet,
    sets: Sets,
    view: str,
    masks: Masks,
) -> Iterator[TransferCell]:
    """Yield a cell for each metric, on the crystals of `masks` [n_splits, n_crystals]."""
    enough = masks.sum(axis=1) >= FEWEST_CRYSTALS
    if enough.sum() <= 1:
        return
    first = stages["stage1"]
    ltc = {name: entry.ltc(reference, sets)[enough] for name, entry in stages.items()}
    for metric in METRICS:
        errors = {
            name: _errors(reference.ltc, values, masks[enough], metric)
            for name, values in ltc.items()
        }
        yield TransferCell(
            preset=first.preset,
            dataset=first.trained_on,
            test_set=reference.name,
            view=view,
            n_crystals=int(masks[enough].any(axis=0).sum()),
            metric=metric,
            errors={name: Spread.of(np.nanmean(rows, axis=1)) for name, rows in errors.items()},
            changes={
                f"{after} - {before}": change(errors[after] - errors[before])
                for before, after in combinations(stages, 2)
            },
        )


def _errors(reference: Numbers, ltc: Numbers, masks: Masks, metric: str) -> Numbers:
    """Return each crystal's error [n_splits, n_crystals], NaN where it does not count."""
    relative = ltc / reference
    errors = np.abs(relative - 1) if metric == "mape" else np.abs(np.log10(relative))
    return np.where(masks, errors, np.nan)


def change(differences: Numbers) -> StageChange:
    """Return the mean of paired differences [n_splits, n_crystals], NaN where not tested.

    Where all splits are tested on the same crystals, the variance over crystals comes on top of
    that over splits.
    """
    values = np.nanmean(differences, axis=1)
    tested = ~np.isnan(differences)
    over_crystals = 0.0
    if (tested == tested[0]).all():
        crystals = differences[:, tested[0]].mean(axis=0)
        over_crystals = float(crystals.var(ddof=1)) / len(crystals)
    interval = corrected_interval(values, over_crystals)
    return StageChange(mean=float(values.mean()), interval=interval, values=tuple(values))


def corrected_interval(values: Numbers, variance: float = 0.0) -> tuple[float, float]:
    """Return the 95 % interval of the mean of values [n_splits]; `variance` comes on top.

    Nadeau and Bengio's corrected t interval (Machine Learning 52, 239 (2003)): the trainings share
    most of their rows, so that their variance over the number of splits is too small; the ratio of
    tested to training rows is added to the reciprocal of that number.
    """
    n_splits, mean = len(values), float(values.mean())
    shared = 1 / n_splits + (1 - TRAIN_FRACTION) / TRAIN_FRACTION
    total = float(values.var(ddof=1)) * shared + variance
    half = float(student_t.ppf((1 + LEVEL) / 2, n_splits - 1)) * total**0.5
    return mean - half, mean + half
