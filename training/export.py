"""A trained run -> an ensemble's folder: weights, manifest and card."""

import dataclasses
import importlib.metadata
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.architecture import Weights, weight_shapes
from models.ensemble import Predictor
from models.errors import DataError
from models.manifest import (
    CARD,
    MANIFEST,
    WEIGHTS,
    CellRecord,
    DataRecord,
    GoldenCheck,
    GraphSettings,
    Manifest,
    MemberRecord,
    NetworkSettings,
    StageRecord,
    TransformRecord,
    file_sha256,
)
from models.weights import save_weights
from training.card import model_card
from training.datasets import read_dataset
from training.evaluation import HonestErrors, as_metrics, honest_errors
from training.graphs import GraphDataset, read_graphs
from training.member import FittedMember, read_member
from training.parameters import to_weights
from training.predictions import held_out
from training.run import TrainingRun
from training.splits import Split
from training.stage_member import member_split
from training.stages import Stage, stage_chain

GOLDEN_TOLERANCE = 1e-3  # relative; other processors and TensorFlow builds round otherwise
VERSIONED = ("tensorflow", "numpy", "pymatgen", "safetensors")


def export_ensemble(name: str, run: TrainingRun, directory: Path) -> Manifest:
    """Write the trained ensemble `name` to `directory`/`name` and return its manifest.

    Raises DataError when a member is not trained yet.
    """
    stages = stage_chain(name)
    data = read_graphs(stages[-1].dataset, run.data_dir)
    members = [_trained_member(run, name, split) for split in run.splits]
    shapes = weight_shapes(run.preset.architecture)
    weights = [to_weights(member.weights, shapes) for member in members]
    splits = [member_split(stages[-1], split, run) for split in run.splits]
    ltc = Predictor(_stacked(weights), [member.transform for member in members]).ltc(data.graphs)
    target = directory / name
    target.mkdir(parents=True, exist_ok=True)
    save_weights(weights, target / WEIGHTS)
    manifest = _manifest(stages, run, data, members, splits, ltc.T)
    card = target / CARD
    card.write_text(model_card(manifest))
    files = {file: file_sha256(target / file) for file in (CARD, WEIGHTS)}
    manifest = manifest.model_copy(update={"files": files})
    (target / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n")
    return manifest


def _trained_member(run: TrainingRun, name: str, split: int) -> FittedMember:
    member = read_member(run.member_dir(name, split))
    if member is None:
        raise DataError(
            f"{name} split {split} is not trained in {run.run_dir}; "
            f"run `python -m training train {name} --preset {run.preset.name}` to its end."
        )
    return member


def _stacked(weights: Sequence[Weights]) -> Weights:
    return {name: np.stack([member[name] for member in weights]) for name in weights[0]}


def _manifest(  # noqa: PLR0913, PLR0917  (each part of the evidence is its own argument)
    stages: Sequence[Stage],
    run: TrainingRun,
    data: GraphDataset,
    members: Sequence[FittedMember],
    splits: Sequence[Split],
    ltc: NDArray[np.float64],
) -> Manifest:
    predictions = held_out(ltc, [split.validation for split in splits])
    errors = {part: honest_errors(data.ltc, predictions, rows) for part, rows in _parts(data)}
    whole = errors[stages[-1].dataset]
    sources = [read_dataset(stage.dataset, run.data_dir) for stage in stages]
    symbols = {str(e) for s in sources for c in s.crystals for e in c.structure.elements}
    return Manifest(
        name=stages[-1].name,
        description=" -> ".join((stages[0].start, *(f"{s.name} ({s.dataset})" for s in stages))),
        created=datetime.now(UTC).date().isoformat(),
        protocol=run.preset.protocol,
        preset=run.preset.name,
        seed=run.preset.seed,
        graph=GraphSettings.current(),
        network=NetworkSettings(
            mlp=run.preset.mlp, outputs=run.preset.outputs, descriptors=run.preset.descriptors
        ),
        stages=tuple(_stage_record(stage, run) for stage in stages),
        members=tuple(_member_records(run, members, splits, whole)),
        elements=tuple(sorted(symbols)),
        training_data=tuple(
            DataRecord(
                dataset=stage.dataset,
                file_name=source.file_name,
                sha256=source.sha256,
                n_crystals=source.n_rows,
            )
            for stage, dataset in zip(stages, sources, strict=True)
            for source in dataset.sources
        ),
        metrics=tuple(m for part, found in errors.items() for m in as_metrics(part, found)),
        golden=_golden_check(data, ltc),
        versions=_versions(),
        files={},
    )


def _parts(data: GraphDataset) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the data set by name with all its rows, and where it is joined from parts each of them."""
    yield data.dataset.name, np.ones(len(data.ltc), dtype=bool)
    if len(data.parts) > 1:
        owner = np.repeat(np.arange(len(data.parts)), data.parts)
        yield from ((name, owner == part) for part, name in enumerate(data.part_names))


def _stage_record(stage: Stage, run: TrainingRun) -> StageRecord:
    schedule = dataclasses.asdict(run.preset.schedule(stage.name, stage.dataset))
    schedule["weights"] = dict(schedule["weights"])
    return StageRecord(
        name=stage.name, dataset=stage.dataset, start=stage.start, schedule=schedule
    )


def _member_records(
    run: TrainingRun,
    members: Sequence[FittedMember],
    splits: Sequence[Split],
    errors: HonestErrors,
) -> Iterator[MemberRecord]:
    for number, member, split, found in zip(
        run.splits, members, splits, errors.members, strict=True
    ):
        yield MemberRecord(
            split=number,
            transform=TransformRecord(**dataclasses.asdict(member.transform)),
            epochs=len(member.history),
            best_epoch=member.best.epoch,
            n_fitted=len(split.train),
            n_validation=len(split.validation),
            errors=found,
        )


def _golden_check(data: GraphDataset, ltc: NDArray[np.float64]) -> GoldenCheck:
    """Return the check on the data set's first crystal, with what the members say of it now."""
    structure = data.dataset.crystals[0].structure
    return GoldenCheck(
        cell=CellRecord(
            lattice=structure.lattice.matrix.tolist(),
            species=[site.specie.symbol for site in structure],
            frac_coords=structure.frac_coords.tolist(),
        ),
        members=tuple(ltc[:, 0].tolist()),
        tolerance=GOLDEN_TOLERANCE,
    )


def _versions() -> dict[str, str]:
    versions = {name: importlib.metadata.version(name) for name in VERSIONED}
    return {"python": platform.python_version()} | versions
