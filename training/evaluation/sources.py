"""Trained members, from exported ensembles and from the folders of training runs."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.code import code_digest
from models.ensemble import Ensemble
from models.errors import DataError
from models.manifest import MANIFEST, WEIGHTS, Protocol, read_manifest
from models.network.architecture import Weights, weight_shapes
from models.network.transform import TargetTransform
from models.network.weights import load_weights, stack_members
from models.prediction.members import Members
from training.config import PUBLISHED, SplitSettings, exported_preset, preset_of
from training.data.splits import N_SPLITS
from training.evaluation.outputs import MemberOutputs, Numbers, single_sets
from training.evaluation.reference import ReferenceSet, Sets, kept
from training.fit.network.checkpoint import EpochRecord
from training.fit.network.loop import read_member
from training.fit.network.parameters import to_weights
from training.stages import HARMONIC, STAGES, stage_chain

logger = logging.getLogger(__name__)

# The harmonic stage is a start for others: it is not trained on the LTC.
MEASURED = tuple(name for name in STAGES if name != HARMONIC)

# A transform whose lowest LTC is never reached, so that the forward pass that is served also gives
# the standardised targets themselves, which the published metric needs without a lower bound.
UNBOUNDED = TargetTransform(mean=3.0, std=0.1)
LOGARITHM = TargetTransform(mean=0.0, std=1.0, offset=0.0)  # of what heads and processes answer

HISTORY_DIGITS = 4


@dataclass(frozen=True)
class FoundEnsemble:
    """Members of one ensemble: weights [n_members, *shape], transforms, histories if any.

    `served`: the ensemble itself where more than its network's first output makes an answer.
    """

    name: str
    preset: str
    protocol: Protocol
    splits: tuple[int, ...]
    weights: Weights
    transforms: tuple[TargetTransform, ...]
    histories: tuple[tuple[EpochRecord, ...], ...] = ()
    split: SplitSettings = PUBLISHED
    served: Ensemble | None = None

    def digest(self, sets: Sets) -> str:
        """Return a checksum of everything that its outputs for these sets depend on."""
        checksum = hashlib.sha256(repr((code_digest(), self.splits, self.transforms)).encode())
        for name in sorted(self.weights):
            checksum.update(self.weights[name].tobytes())
        if self.served:
            checksum.update(self.served.digest.encode())
        for reference in single_sets(sets).values():
            checksum.update(reference.sha256.encode())
        return checksum.hexdigest()

    def outputs(self, sets: Sets) -> MemberOutputs:
        """Return what the members answer for the crystals of these sets."""
        members = Members(self.weights, [(UNBOUNDED,)] * len(self.splits))
        return MemberOutputs(
            name=self.name,
            preset=self.preset,
            protocol=self.protocol,
            chain=tuple(stage.dataset for stage in stage_chain(self.name)),
            splits=self.splits,
            transforms=self.transforms,
            targets={
                name: self._targets(members, reference, sets)
                for name, reference in single_sets(sets).items()
            },
            digest=self.digest(sets),
            histories=self.histories,
            split=self.split,
        )

    def _targets(self, members: Members, reference: ReferenceSet, sets: Sets) -> Numbers:
        if self.served:
            inputs = reference.data.inputs(self.served.manifest.inputs())
            ltc = self.served.compute(inputs, reference.data.types).ltc.T
            targets = np.array([t.encode(row) for t, row in zip(self.transforms, ltc, strict=True)])
        else:
            targets = UNBOUNDED.encode(
                members.compute(reference.data.graphs, reference.data.types).ltc
            ).T
        masks = [reference.held_out(split, self.split, sets) for split in self.splits]
        return np.array([kept(row, mask) for row, mask in zip(targets, masks, strict=True)])


def find_ensembles(ensembles: Path, runs: Sequence[Path]) -> list[FoundEnsemble]:
    """Return every ensemble of the paper found: exported ones, and what the runs hold besides.

    Where a run has the very members that were exported, the run's are taken, for their histories.
    """
    found = {(e.preset, e.name): e for e in _exported(ensembles)}
    for run in runs:
        for trained in _from_run(run):
            key = (trained.preset, trained.name)
            exported = found.get(key)
            if exported is None or exported.transforms == trained.transforms:
                found[key] = trained
            else:
                logger.warning("%s: %s is left out for the exported one", run, trained.name)
    return list(found.values())


def _exported(directory: Path) -> Iterator[FoundEnsemble]:
    for path in sorted(directory.glob(f"*/{MANIFEST}")):
        manifest = read_manifest(path.parent)
        if manifest.name not in MEASURED:
            logger.warning("%s is no ensemble of this project's stages; left out", manifest.name)
            continue
        weights = load_weights(
            path.parent / WEIGHTS, manifest.network.architecture(), len(manifest.members)
        )
        transforms = tuple(first for first, *_ in manifest.transforms())
        yield FoundEnsemble(
            name=manifest.name,
            preset=manifest.preset,
            protocol=manifest.protocol,
            splits=tuple(member.split for member in manifest.members),
            weights=weights,
            transforms=(LOGARITHM,) * len(transforms) if manifest.has_process else transforms,
            split=exported_preset(path.parent).split,
            served=Ensemble.load(path.parent) if manifest.has_process else None,
        )


def _from_run(run: Path) -> Iterator[FoundEnsemble]:
    config = run / "config.json"
    if not config.is_file():
        raise DataError(f"{run} is no training run: it has no config.json.")
    preset = preset_of(config.read_bytes())
    shapes = weight_shapes(preset.architecture)
    for name in MEASURED:
        if preset.has_process(name, STAGES[name].dataset):
            continue  # its processes are joined when it is exported
        folders = {split: run / name / f"split-{split}" for split in range(1, N_SPLITS + 1)}
        members = {s: m for s, folder in folders.items() if (m := read_member(folder))}
        if not members:
            continue
        weights = [to_weights(member.weights, shapes) for member in members.values()]
        yield FoundEnsemble(
            name=name,
            preset=preset.name,
            protocol=preset.protocol,
            splits=tuple(members),
            weights=stack_members(weights),
            transforms=tuple(member.transform for member in members.values()),
            histories=tuple(tuple(map(_rounded, member.history)) for member in members.values()),
            split=preset.split,
        )


def _rounded(record: EpochRecord) -> EpochRecord:
    """Return a record with the digits that are kept."""
    chosen_on = None if record.chosen_on is None else round(record.chosen_on, HISTORY_DIGITS)
    return EpochRecord(
        record.epoch,
        round(record.train, HISTORY_DIGITS),
        chosen_on,
        round(record.seconds, HISTORY_DIGITS),
    )
