"""Errors of every ensemble and baseline on every reference set, under both protocols."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.network.transform import TargetTransform
from training.data.catalogue import PAPER_SETS, parts_of
from training.evaluation.outputs import MemberOutputs
from training.evaluation.published import (
    PublishedTable,
    published_errors,
    published_scale_errors,
)
from training.evaluation.reference import ReferenceSet
from training.evaluation.report import (
    DataFile,
    Decomposition,
    EpochChoice,
    Evaluated,
    HeldOutCell,
    PaperCell,
    Report,
    Spread,
    UnitsCell,
)
from training.evaluation.spread import ensemble_gain, spread_quality
from training.evaluation.transfer import PRESET as TRANSFER
from training.evaluation.transfer import corrected_interval, transfer_cells
from training.evaluation.unseen import VIEWS, View, unseen_predictions
from training.scoring.held_out_errors import bootstrap_intervals
from training.scoring.scores import score
from training.stages import FOUNDATION, STAGES

Numbers = NDArray[np.float64]
Sets = Mapping[str, ReferenceSet]

FEWEST_CRYSTALS = 5  # below, a split's errors are not stated
LAST_EPOCHS = 10
PAPER_ENSEMBLES = tuple(name for name, stage in STAGES.items() if stage.dataset in PAPER_SETS)


def build_report(outputs: Sequence[MemberOutputs], sets: Sets, published: PublishedTable) -> Report:
    """Return the report on these ensembles and baselines; what is not among them is not in it.

    Preset `stages` is in its part on transfer alone.
    """
    transfer = tuple(transfer_cells(outputs, sets))
    everything, outputs = outputs, [entry for entry in outputs if entry.preset != TRANSFER]
    ensembles = [entry for entry in outputs if entry.name in PAPER_ENSEMBLES and _published(entry)]
    of_paper = [entry for entry in ensembles if entry.protocol == "paper"]
    return Report(
        data=_data_files(sets),
        evaluated=tuple(_evaluated(entry) for entry in everything),
        paper=tuple(
            _paper_cell(entry, sets[name], published) for entry in of_paper for name in PAPER_SETS
        ),
        held_out=tuple(_held_out_cells(outputs, sets)),
        units=tuple(_units_cells(ensembles, sets)),
        decomposition=tuple(_decompositions(ensembles, sets)),
        epoch_choice=tuple(_epoch_choice(entry) for entry in of_paper if entry.histories),
        transfer=transfer,
    )


def _published(entry: MemberOutputs) -> bool:
    return entry.split.kind == "published"


def _data_files(sets: Sets) -> tuple[DataFile, ...]:
    sources = (each for reference in sets.values() for each in reference.data.dataset.sources)
    files = {source.file_name: source.sha256 for source in sources}
    return tuple(DataFile(file_name=name, sha256=sha) for name, sha in files.items())


def _evaluated(entry: MemberOutputs) -> Evaluated:
    return Evaluated(
        preset=entry.preset,
        name=entry.name,
        protocol=entry.protocol,
        chain=entry.chain,
        splits=entry.splits,
        digest=entry.digest,
    )


def _paper_cell(
    entry: MemberOutputs, reference: ReferenceSet, published: PublishedTable
) -> PaperCell:
    stage, trained_on, test_set = stage_key(entry.name), entry.trained_on, reference.name
    ours = Spread.of(published_errors(entry, reference))
    cell = published.table.get(stage, {}).get(trained_on, {}).get(test_set)
    values = published.per_split.get(stage, {}).get(trained_on, {}).get(test_set)
    runs = Spread.of(values) if values else None
    return PaperCell(
        preset=entry.preset,
        name=entry.name,
        test_set=test_set,
        ours=ours,
        table_mean=cell.mean if cell else None,
        table_std=cell.std if cell else None,
        runs=runs,
        from_table=(ours.mean - cell.mean) / cell.std if cell else None,
        from_runs=(ours.mean - runs.mean) / runs.std if runs and runs.std else None,
    )


def stage_key(name: str) -> str:
    """Return `stage1`, `stage2` or `stage3` of an ensemble's name."""
    return name.rsplit("-", 1)[-1]


def _held_out_cells(outputs: Sequence[MemberOutputs], sets: Sets) -> Iterator[HeldOutCell]:
    for entry in outputs:
        views: tuple[View, ...] = VIEWS if _published(entry) else ("new formula",)
        for reference in filter(entry.covers, sets.values()):
            for view in views:
                if cell := _held_out_cell(entry, reference, sets, view):
                    yield cell


def _held_out_cell(
    entry: MemberOutputs, reference: ReferenceSet, sets: Sets, view: View
) -> HeldOutCell | None:
    predictions = unseen_predictions(entry, reference, sets, view)
    covered = predictions.covered
    rows = [
        score(reference.ltc[unseen], ltc[unseen])
        for ltc, unseen in zip(predictions.ltc, predictions.unseen, strict=True)
        if unseen.sum() >= FEWEST_CRYSTALS
    ]
    if not rows:
        return None
    truth, mean = reference.ltc[covered], predictions.mean()[covered]
    return HeldOutCell(
        preset=entry.preset,
        name=entry.name,
        protocol=entry.protocol,
        test_set=reference.name,
        view=view,
        n_crystals=int(covered.sum()),
        members={name: Spread.of(row[name] for row in rows) for name in rows[0]},
        out_of_fold=score(truth, mean),
        interval=bootstrap_intervals(truth, mean),
        gain=ensemble_gain(reference.ltc, predictions),
        spread=spread_quality(reference.ltc, predictions),
    )


def _published_scale(name: str, sets: Sets) -> TargetTransform:
    """Return the constants that the published code reports an ensemble's errors with."""
    stage = STAGES[name]
    carried = STAGES[FOUNDATION].dataset if stage.parent else stage.dataset
    return TargetTransform.fit(sets[carried].ltc)


def _member_errors(entry: MemberOutputs, reference: ReferenceSet, sets: Sets) -> list[float]:
    ltc = entry.ltc(reference, sets)
    masks = [reference.validation(split) for split in entry.splits]
    rows = zip(ltc, masks, strict=True)
    return [score(reference.ltc[mask], member[mask])["mape"] for member, mask in rows]


def _units_cells(ensembles: Sequence[MemberOutputs], sets: Sets) -> Iterator[UnitsCell]:
    for entry in ensembles:
        for name in dict.fromkeys((*parts_of(entry.trained_on), entry.trained_on)):
            yield _units_cell(entry, sets[name], sets)


def _units_cell(entry: MemberOutputs, reference: ReferenceSet, sets: Sets) -> UnitsCell:
    scale = _published_scale(entry.name, sets)
    ltc = entry.ltc(reference, sets)
    return UnitsCell(
        preset=entry.preset,
        name=entry.name,
        protocol=entry.protocol,
        test_set=reference.name,
        published_scale=Spread.of(published_scale_errors(ltc, entry.splits, reference, scale)),
        wmk=Spread.of(_member_errors(entry, reference, sets)),
    )


def _decompositions(ensembles: Sequence[MemberOutputs], sets: Sets) -> Iterator[Decomposition]:
    """Yield the change from stage 2 to 3 for each preset that has both, in their common splits."""
    by_name = {(entry.preset, entry.name): entry for entry in ensembles}
    for (preset, name), entry in by_name.items():
        before = by_name.get((preset, name.replace("stage3", "stage2")))
        if stage_key(name) != "stage3" or before is None:
            continue
        reference = sets[entry.trained_on]
        common = [split for split in entry.splits if split in before.splits]
        if not common:
            continue
        old = _at(before, _member_errors(before, reference, sets), common)
        new = _at(entry, _member_errors(entry, reference, sets), common)
        scaled = published_scale_errors(
            entry.ltc(reference, sets), entry.splits, reference, _published_scale(name, sets)
        )
        scaled = _at(entry, scaled.tolist(), common)
        yield Decomposition(
            preset=preset,
            protocol=entry.protocol,
            dataset=reference.name,
            before=Spread.of(old),
            after=Spread.of(new),
            after_published=Spread.of(scaled),
            learning=Spread.of(new - old),
            learning_interval=corrected_interval(new - old) if len(common) > 1 else None,
            units=Spread.of(scaled - new),
        )


def _at(entry: MemberOutputs, values: Sequence[float], splits: Sequence[int]) -> Numbers:
    return np.array([values[entry.splits.index(split)] for split in splits])


def _epoch_choice(entry: MemberOutputs) -> EpochChoice:
    curves = [[epoch.chosen_on or 0.0 for epoch in member] for member in entry.histories]
    return EpochChoice(
        preset=entry.preset,
        name=entry.name,
        kept=Spread.of(min(curve) for curve in curves),
        typical=Spread.of(float(np.median(curve[-LAST_EPOCHS:])) for curve in curves),
        last=Spread.of(curve[-1] for curve in curves),
        kept_at=tuple(int(np.argmin(curve)) + 1 for curve in curves),
        epochs=max(len(curve) for curve in curves),
    )
