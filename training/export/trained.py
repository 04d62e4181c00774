"""A trained ensemble in its run: members, held-out crystals, predictions."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.network.architecture import weight_shapes
from models.network.heads import Heads
from models.network.weights import stack_members
from models.prediction.engine import REFERENCE
from models.prediction.gaussian_process import Process
from models.prediction.members import Members, Outputs
from training.data.graphs import GraphDataset
from training.data.splits import Split
from training.fit.context import MemberContext, member_context, trained_member
from training.fit.frozen.heads import join_heads
from training.fit.frozen.joined import join_processes, with_known_phonons
from training.fit.network.loop import FittedMember
from training.fit.network.parameters import to_weights
from training.run import TrainingRun
from training.scoring.held_out import HeldOut, held_out
from training.stages import Stage


@dataclass(frozen=True)
class TrainedEnsemble:
    """An ensemble's members and the contexts of their last stage, in the order of `run.splits`."""

    run: TrainingRun
    stages: tuple[Stage, ...]
    contexts: tuple[MemberContext, ...]
    members: tuple[FittedMember, ...]

    @property
    def data(self) -> GraphDataset:
        """The data of the last stage."""
        return self.contexts[0].data

    @property
    def splits(self) -> tuple[Split, ...]:
        """The rows of each member."""
        return tuple(context.split for context in self.contexts)

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
        """The members' outputs for every crystal of the last stage's data."""
        return self._outputs(self.process)

    @cached_property
    def outputs_with_phonons(self) -> Outputs | None:
        """The same as if phonons of what is held out were known, None where none can be."""
        if self.process is None or not self.contexts[0].unlabelled.formulas:
            return None
        return self._outputs(with_known_phonons(self.process, self.contexts))

    def _outputs(self, process: Process | None) -> Outputs:
        transforms = [member.transforms for member in self.members]
        names = self.run.preset.outputs
        members = Members(
            stack_members(self.weights),
            transforms,
            names,
            heads=self.heads,
            process=process,
            inputs=self.run.preset.inputs,
            policy=self.run.preset.answers,
            engine=REFERENCE,  # what serves is tested against this
        )
        return members.compute(self.data.graphs, self.data.types)

    @cached_property
    def heads(self) -> Heads | None:
        """The members' heads, where their last stage has any."""
        if not self.contexts[0].schedule.heads:
            return None
        directories = [context.directory for context in self.contexts]
        return join_heads(self.contexts[0].descriptor_scale, directories)

    @cached_property
    def process(self) -> Process | None:
        """The members' Gaussian processes, where their last stage has any."""
        last = self.stages[-1]
        if not self.run.preset.has_process(last.name, last.dataset):
            return None
        return join_processes(self.contexts)

    @cached_property
    def predictions(self) -> HeldOut:
        """The members' LTC, and which crystals were held out from each."""
        return held_out(self.outputs.ltc.T, [split.validation for split in self.splits])


def read_trained(name: str, run: TrainingRun) -> TrainedEnsemble:
    """Return the trained ensemble `name`; DataError when a member is not trained to its end."""
    stages = run.chain(name)
    members = tuple(trained_member(stages[-1], number, run) for number in run.splits)
    contexts = tuple(member_context(stages[-1], number, run) for number in run.splits)
    return TrainedEnsemble(run, stages, contexts, members)
