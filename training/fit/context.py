"""Everything that one member of one stage is trained from, read once."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from models.errors import DataError
from models.network.standardise import DescriptorScale, standardise
from training.config import Preset, Schedule
from training.data.catalogue import PUBLISHED_SETS
from training.data.graphs import GraphDataset, formulas_of, read_graphs
from training.data.splits import (
    Deal,
    Split,
    grouped_split,
    published_split,
    with_unsplit_rows,
)
from training.fit.frozen.curves import fit_curves
from training.fit.frozen.exported import ExportedProcess, read_exported_process
from training.fit.frozen.phonons import NO_PHONONS, PhononCrystals, read_phonons
from training.fit.network.loop import FittedMember, read_member
from training.run import TrainingRun
from training.stages import Stage


@dataclass(frozen=True)
class MemberContext:
    """A member's stage, data, rows, parent and recipe.

    `number`: of its split; `parent`: the member of the stage before, None where there is none;
    `directory`: where the member is kept; `megnet_weights`: the file of MEGNet's own. `exported`:
    what is taken over from an exported ensemble that the stage starts from, None where it starts
    from another. `phonons`: crystals that the LTC of some is estimated from.
    """

    stage: Stage
    number: int
    preset: Preset
    data: GraphDataset
    split: Split
    parent: FittedMember | None
    directory: Path
    megnet_weights: Path
    seed: int
    exported: ExportedProcess | None = None
    phonons: PhononCrystals = NO_PHONONS

    @property
    def title(self) -> str:
        """The member's name in messages."""
        return f"{self.stage.name} split {self.number}"

    @cached_property
    def descriptor_scale(self) -> DescriptorScale:
        """What standardises descriptors for heads and process."""
        if self.exported:
            return self.exported.descriptor_scale
        center, scale = self.data.descriptor_scale()
        standardised = standardise(self.data.descriptors(), center, scale)
        return DescriptorScale(center, scale, fit_curves(standardised))

    @cached_property
    def unlabelled(self) -> PhononCrystals:
        """Those of `phonons` whose formula no reference has, held out or not."""
        return self.phonons.without(self.data.formulas())

    @cached_property
    def schedule(self) -> Schedule:
        """The schedule of the stage."""
        return self.preset.schedule(self.stage.name, self.stage.dataset)


def member_context(stage: Stage, number: int, run: TrainingRun) -> MemberContext:
    """Return the context of a stage's member; DataError where its parent is not trained."""
    data = read_graphs(stage.dataset, run.data_dir, run.preset.inputs)
    return MemberContext(
        stage=stage,
        number=number,
        preset=run.preset,
        data=data,
        split=_split(stage, number, run, data),
        parent=_parent(stage, number, run),
        directory=run.member_dir(stage.name, number),
        megnet_weights=run.megnet_weights,
        seed=run.member_seed(stage, number),
        exported=_exported(stage, number, run),
        phonons=_phonons(stage, run),
    )


def trained_member(stage: Stage, number: int, run: TrainingRun) -> FittedMember:
    """Return a member that is trained; DataError where it is not."""
    member = read_member(run.member_dir(stage.name, number))
    if member is None:
        raise DataError(
            f"{stage.name} split {number} is not trained in {run.run_dir}; "
            f"run `python -m training train {stage.name} --preset {run.preset.name}` to its end."
        )
    return member


def _exported(stage: Stage, number: int, run: TrainingRun) -> ExportedProcess | None:
    if not (stage.parent and run.preset.has_process(stage.name, stage.dataset)):
        return None
    noise = run.preset.gaussian_process.start.noise
    return read_exported_process(run.run_dir / stage.parent, number, noise)


def _phonons(stage: Stage, run: TrainingRun) -> PhononCrystals:
    settings = run.preset.gaussian_process.estimates
    if settings is None or not run.preset.has_process(stage.name, stage.dataset):
        return NO_PHONONS
    return read_phonons(settings, run.data_dir, run.preset.inputs)


def _parent(stage: Stage, number: int, run: TrainingRun) -> FittedMember | None:
    return trained_member(run.stage(stage.parent), number, run) if stage.parent else None


def _split(stage: Stage, number: int, run: TrainingRun, data: GraphDataset) -> Split:
    settings = run.preset.split
    if settings.kind == "grouped":
        return grouped_split(data.formulas(), _deal(run), number, data.guarded())
    sizes = [
        size
        for name, size in zip(data.part_names, data.parts, strict=True)
        if name in PUBLISHED_SETS
    ]
    schedule = run.preset.schedule(stage.name, stage.dataset)
    published = published_split(tuple(sizes), number, schedule.inner_fraction)
    return with_unsplit_rows(published, data.formulas())


def _deal(run: TrainingRun) -> Deal:
    """Return how formulas are dealt; nothing is set aside from published splits."""
    settings = run.preset.split
    if settings.kind != "grouped":
        return Deal((), frozenset())
    formulas = formulas_of(settings.dealt, run.data_dir)
    return Deal.of(formulas, settings.set_aside, settings.choice_seed)
