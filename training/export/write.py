"""Export of a trained run to an ensemble's folder: weights, evidence, manifest, card."""

import dataclasses
import importlib.metadata
import json
import platform
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.manifest import (
    CARD,
    HEADS,
    MANIFEST,
    PROCESS,
    WEIGHTS,
    DataRecord,
    GoldenCheck,
    Manifest,
    MemberRecord,
    Metrics,
    ScheduleRecord,
    StageRecord,
    TransformRecord,
    file_sha256,
)
from models.network.settings import DescriptorSettings, GraphSettings, NetworkSettings
from models.network.weights import save_weights
from models.prediction.result import Method
from models.structure.stored import StoredStructure
from training.config import PRESET_FILE, as_dict
from training.data.catalogue import METHODS, OUTPUT_METHODS, method_of
from training.data.datasets import Dataset, read_dataset
from training.data.graphs import GraphDataset
from training.export.card import model_card
from training.export.evidence import collect_evidence, write_evidence
from training.export.paper_metrics import paper_metrics
from training.export.trained import TrainedEnsemble, read_trained
from training.own.start import placed_manifest
from training.run import TrainingRun
from training.scoring.held_out_errors import HeldOutErrors, as_metrics, held_out_errors
from training.stages import Stage

READABLE = 0o644  # by whoever runs the service; the weights' writer leaves them to their owner
READABLE_FOLDER = 0o755
GOLDEN_TOLERANCE = 1e-3  # relative; other processors and TensorFlow builds round otherwise
REPORT = Path(__file__).parents[2] / "docs/reproduction/report.json"
VERSIONED = ("tensorflow", "numpy", "pymatgen", "safetensors")


def export_ensemble(
    name: str, run: TrainingRun, directory: Path, report: Path = REPORT
) -> Manifest:
    """Write the trained ensemble `name` to `directory`/`name` and return its manifest.

    What the evaluation `report` says of it by the published procedure is among its metrics.
    Raises DataError when a member is not trained yet, and when the report cannot be read.
    """
    trained = read_trained(name, run)
    directory.mkdir(parents=True, exist_ok=True)
    # Made beside the ensemble that it replaces, which stays whole if anything fails.
    with tempfile.TemporaryDirectory(prefix=".", dir=directory) as beside:
        made = Path(beside) / "new"
        made.mkdir()
        manifest = _write_ensemble(trained, made, report)
        made.chmod(READABLE_FOLDER)
        replace_folder(directory / name, made, Path(beside) / "old")
    return manifest


def replace_folder(folder: Path, new: Path, old: Path) -> None:
    """Put `new` in the place of `folder`, which becomes `old`, or stays where that fails."""
    replaces = folder.exists()
    if replaces:
        folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        if replaces:
            old.rename(folder)
        raise


def _write_ensemble(trained: TrainedEnsemble, target: Path, report: Path) -> Manifest:
    save_weights(trained.weights, target / WEIGHTS)
    evidence = collect_evidence(trained)
    preset = trained.run.preset
    published = tuple(paper_metrics(trained.name, preset.name, report, trained.run.data_dir))
    (target / PRESET_FILE).write_text(json.dumps(as_dict(preset), indent=1) + "\n")
    names = [WEIGHTS, PRESET_FILE, *write_evidence(evidence, target)]
    if trained.heads and trained.process:
        trained.heads.save(target / HEADS)
        trained.process.save(target / PROCESS)
        names += [HEADS, PROCESS]
    files = {file: file_sha256(target / file) for file in names}
    manifest = _manifest(trained, (*evidence.metrics, *published), files)
    (target / CARD).write_text(model_card(manifest, evidence.record))
    files = {CARD: file_sha256(target / CARD)} | files
    for file in files:
        (target / file).chmod(READABLE)
    manifest = manifest.model_copy(update={"files": files})
    (target / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n")
    return manifest


def _manifest(
    trained: TrainedEnsemble, others: tuple[Metrics, ...], files: Mapping[str, str]
) -> Manifest:
    """Return the manifest with the checksums of these files; the card, made of it, is added."""
    preset, stages, data = trained.run.preset, trained.stages, trained.data
    errors = {
        part: held_out_errors(data.ltc, trained.predictions, rows)
        for part, rows in _parts(data)
        if np.any(trained.predictions.covered & rows)
    }
    metrics = [record for part, found in errors.items() for record in as_metrics(part, found)]
    lineage = [_lineage(stage, trained.run) for stage in stages]
    return Manifest(
        name=trained.name,
        description=" -> ".join((stages[0].start, *(f"{s.name} ({s.dataset})" for s in stages))),
        created=datetime.now(UTC).date().isoformat(),
        protocol=preset.protocol,
        preset=preset.name,
        seed=preset.seed,
        split=preset.split.kind,
        graph=GraphSettings.of(preset.inputs.cutoff),
        network=NetworkSettings(
            mlp=preset.mlp,
            outputs=preset.outputs,
            descriptors=DescriptorSettings.current() if preset.descriptors else None,
        ),
        answers=preset.answers,
        methods=_methods(trained),
        stages=tuple(record for origin in lineage for record in origin.stages),
        members=tuple(_member_records(trained, errors[data.dataset.name])),
        elements=tuple(sorted({symbol for origin in lineage for symbol in origin.elements})),
        training_data=tuple(record for origin in lineage for record in origin.data),
        metrics=(*metrics, *others),
        golden=_golden_check(data, trained.outputs.ltc),
        versions=_versions(),
        files=files,
    )


def _methods(trained: TrainedEnsemble) -> dict[str, Method]:
    """Return the method of each output that answers."""
    if trained.heads and not trained.run.own:
        return {output: METHODS[dataset] for output, dataset in OUTPUT_METHODS.items()}
    method = method_of(trained.data.dataset.name)
    return {trained.run.preset.answers.otherwise: method} if method else {}


def _parts(data: GraphDataset) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the data set's name with all its rows, and those of its parts if it is joined."""
    yield data.dataset.name, np.ones(len(data.ltc), dtype=bool)
    if len(data.parts) > 1:
        owners = np.array(data.owners())
        yield from ((name, owners == name) for name in data.part_names)


@dataclass(frozen=True)
class _Lineage:
    """A stage's part of a manifest: its records, elements and data."""

    stages: Sequence[StageRecord]
    elements: Collection[str]
    data: Sequence[DataRecord]


def _lineage(stage: Stage, run: TrainingRun) -> _Lineage:
    placed = placed_manifest(stage.name, run)
    if placed:
        return _Lineage(placed.stages, placed.elements, placed.training_data)
    dataset = read_dataset(stage.dataset, run.data_dir)
    return _Lineage([_stage_record(stage, run)], _elements(dataset), [*_data_records(dataset)])


def _elements(dataset: Dataset) -> set[str]:
    return {str(e) for crystal in dataset.crystals for e in crystal.structure.elements}


def _data_records(dataset: Dataset) -> Iterator[DataRecord]:
    dropped = Counter(row.file_name for row in dataset.dropped)
    for source in dataset.sources:
        yield DataRecord(
            dataset=dataset.name,
            file_name=source.file_name,
            sha256=source.sha256,
            n_crystals=source.n_rows - dropped[source.file_name],
        )


def _stage_record(stage: Stage, run: TrainingRun) -> StageRecord:
    schedule = run.preset.schedule(stage.name, stage.dataset)
    return StageRecord(
        name=stage.name,
        dataset=stage.dataset,
        start=stage.start,
        schedule=ScheduleRecord(**dataclasses.asdict(schedule)),
    )


def _member_records(trained: TrainedEnsemble, errors: HeldOutErrors) -> Iterator[MemberRecord]:
    rows = zip(trained.run.splits, trained.members, trained.splits, errors.members, strict=True)
    for number, member, split, found in rows:
        yield MemberRecord(
            split=number,
            transforms=tuple(TransformRecord(**dataclasses.asdict(t)) for t in member.transforms),
            epochs=len(member.history),
            best_epoch=member.best.epoch if member.history else None,
            n_fitted=len(split.train),
            n_validation=len(split.validation),
            errors=found,
        )


def _golden_check(data: GraphDataset, ltc: NDArray[np.float64]) -> GoldenCheck:
    """Return the check on the data set's first crystal; `ltc` is [n_crystals, n_members]."""
    return GoldenCheck(
        cell=StoredStructure.of(data.dataset.crystals[0].structure),
        members=tuple(ltc[0].tolist()),
        tolerance=GOLDEN_TOLERANCE,
    )


def _versions() -> dict[str, str]:
    versions = {name: importlib.metadata.version(name) for name in VERSIONED}
    return {"python": platform.python_version()} | versions
