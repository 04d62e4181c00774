"""The published ensemble that a user's own is fine-tuned from."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

from models.errors import DataError
from models.manifest import MANIFEST, PROCESS, WEIGHTS, Manifest, read_manifest
from models.network.architecture import weight_shapes
from models.network.weights import load_weights
from training.config import Preset
from training.fit.network.loop import FittedMember, write_member
from training.fit.network.parameters import pack
from training.run import TrainingRun
from training.stages import FOUNDATION, MEGNET, RECOMMENDED

logger = logging.getLogger(__name__)
OWN = "own"  # the schedule's name in the preset
STARTS = (RECOMMENDED, FOUNDATION)  # best first


def choose_start(ensembles: Path) -> str:
    """Return the best start there is, and log it: a published ensemble, or MEGNet's weights."""
    there = (name for name in STARTS if (ensembles / name / MANIFEST).is_file())
    start = next(there, MEGNET)
    logger.info("members start from %s, the best start in %s", start, ensembles)
    return start


def own_base(folder: Path) -> str:
    """Return the name of the preset for a start: an exported ensemble's folder."""
    return "own-heads" if (folder / PROCESS).is_file() else OWN


def own_preset(base: Preset, name: str, parent: Preset | None) -> Preset:
    """Return the preset for a user's own set `name`, with the network and loss of the start.

    Raises DataError where only one of the two has heads.
    """
    network = parent or base
    if base.has_heads != network.has_heads:
        fitting = "own-heads" if network.has_heads else OWN
        raise DataError(
            f"Preset {base.name} does not suit the start; give one with base = {fitting!r}."
        )
    return replace(
        base,
        mlp=network.mlp,
        outputs=network.outputs,
        descriptors=network.descriptors,
        bonds=network.bonds,
        loss=network.loss,
        schedules={name: base.schedule(OWN, OWN)},
        split=replace(base.split, dealt=(name,)),
    )


def place_members(folder: Path, run: TrainingRun) -> tuple[int, ...]:
    """Return the splits of an exported ensemble's members, after placing them in the run."""
    manifest = read_manifest(folder)
    architecture = manifest.network.architecture()
    weights = load_weights(folder / WEIGHTS, architecture, len(manifest.members))
    shapes = weight_shapes(architecture)
    for index, record in enumerate(manifest.members):
        vector = pack({name: value[index] for name, value in weights.items()}, shapes)
        transforms = tuple(transform.transform() for transform in record.transforms)
        directory = run.member_dir(manifest.name, record.split)
        directory.mkdir(parents=True, exist_ok=True)
        write_member(FittedMember(vector, transforms, ()), directory)
    for name in (MANIFEST, PROCESS):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, run.run_dir / manifest.name / name)
    return tuple(record.split for record in manifest.members)


def placed_manifest(stage: str, run: TrainingRun) -> Manifest | None:
    """Return the manifest of the ensemble whose members were placed; None for a stage trained."""
    path = run.run_dir / stage / MANIFEST
    return Manifest.model_validate_json(path.read_bytes()) if path.is_file() else None
