"""A trained ensemble as a run left it: members, what each had not seen, and what they predict."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.errors import DataError
from models.network.architecture import weight_shapes
from models.network.weights import stack_members
from models.prediction.gaussian_process import Process
from models.prediction.members import Members, Outputs
from training.data.graphs import GraphDataset, read_graphs
from training.data.splits import Split
from training.fit.loop import FittedMember, read_member
from training.fit.member import member_data, member_split
from training.fit.parameters import to_weights
from training.fit.processes import join_processes
from training.run import TrainingRun
from training.scoring.held_out import HeldOut, held_out
from training.stages import Stage, stage_chain


@dataclass(frozen=True)
class TrainedEnsemble:
    """The members of an ensemble in the order of `run.splits`, and the data of their last stage."""

    run: TrainingRun
    stages: tuple[Stage, ...]
    data: GraphDataset
    members: tuple[FittedMember, ...]
    splits: tuple[Split, ...]

    @property
    def name(self) -> str:
        """The ensemble's name: that of its last stage."""
        return self.stages[-1].name

    @cached_property
    def weights(self) -> list[Mapping[str, NDArray[np.float32]]]:
        """The weights of each member by name."""
        shapes = weight_shapes(self.run.preset.architecture)
        return [to_weights(member.weights, shapes) for member in self.members]

    @cached_property
    def outputs(self) -> Outputs:
        """What the members make of every crystal of the last stage's data."""
        transforms = [member.transforms for member in self.members]
        names = self.run.preset.outputs
        members = Members(stack_members(self.weights), transforms, names, self.process)
        return members.compute(self.data.graphs, self.data.types)

    @cached_property
    def process(self) -> Process | None:
        """The members' Gaussian processes, where their last stage has any."""
        last = self.stages[-1]
        if not self.run.preset.has_process(last.name, last.dataset):
            return None
        folders = [self.run.member_dir(self.name, split) for split in self.run.splits]
        members = [member_data(last, split, self.run) for split in self.run.splits]
        return join_processes(members, folders)

    @cached_property
    def predictions(self) -> HeldOut:
        """The members' LTC with what each had not seen."""
        return held_out(self.outputs.ltc.T, [split.validation for split in self.splits])


def read_trained(name: str, run: TrainingRun) -> TrainedEnsemble:
    """Return the trained ensemble `name`; DataError when a member is not trained to its end."""
    stages = stage_chain(name)
    return TrainedEnsemble(
        run=run,
        stages=stages,
        data=read_graphs(stages[-1].dataset, run.data_dir),
        members=tuple(_trained_member(run, name, split) for split in run.splits),
        splits=tuple(member_split(stages[-1], split, run) for split in run.splits),
    )


def _trained_member(run: TrainingRun, name: str, split: int) -> FittedMember:
    member = read_member(run.member_dir(name, split))
    if member is None:
        raise DataError(
            f"{name} split {split} is not trained in {run.run_dir}; "
            f"run `python -m training train {name} --preset {run.preset.name}` to its end."
        )
    return member
