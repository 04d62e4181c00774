"""A preset: every setting that decides how members are trained."""

from collections.abc import Mapping
from typing import Final, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator
from pydantic.dataclasses import dataclass as checked_dataclass

from models.crystal.graph import Cutoff
from models.descriptors.describe import NAMES
from models.errors import DataError
from models.manifest import Protocol
from models.network.architecture import Architecture
from models.network.inputs import InputSettings
from models.prediction.gaussian_process import OUTPUTS
from models.prediction.policy import LTC, AnswerPolicy
from training.config.settings import (
    STRICT,
    BondSettings,
    GaussianProcessSettings,
    HeadSettings,
    Initialiser,
    LossSettings,
    Schedule,
    SplitSettings,
)

HELD_OUT: Final = "held-out"


@checked_dataclass(frozen=True, config=STRICT)
class Preset:
    """A complete recipe.

    `protocol` paper: the published procedure, quirks included; the epoch is chosen on the split's
    validation rows. held-out: one transform fitted on training rows; the epoch is chosen on
    `inner_fraction` of the training rows, or is the last where that is 0.

    `pretrained`: whether stage 2 starts from MEGNet's weights, as the paper says; if not, from
    other random weights than stage 1, as the published code does. `initialiser`: the library whose
    random weights these are.

    `outputs`: what the network predicts (`training.data.catalogue`); where it has neither heads nor
    a process, the first is the LTC. `descriptors`: whether they join the embedding.
    """

    name: str
    protocol: Protocol
    seed: NonNegativeInt
    schedules: Mapping[str, Schedule]
    pretrained: bool = True
    initialiser: Initialiser = "keras"
    mlp: tuple[PositiveInt, ...] = (450, 350, 350)
    outputs: tuple[str, ...] = ("ltc",)
    descriptors: bool = False
    bonds: BondSettings = BondSettings()
    loss: LossSettings = LossSettings()
    split: SplitSettings = SplitSettings()
    heads: HeadSettings = HeadSettings()
    gaussian_process: GaussianProcessSettings = GaussianProcessSettings()
    answers: AnswerPolicy = AnswerPolicy()
    deterministic: bool = False
    checkpoint_seconds: NonNegativeFloat = 20.0

    @model_validator(mode="after")
    def _weighs_its_outputs(self) -> Self:
        for name, schedule in self.schedules.items():
            if unknown := set(schedule.weights) - set(self.outputs):
                raise ValueError(f"schedules.{name} weighs {', '.join(unknown)}: not in outputs")
        return self

    @model_validator(mode="after")
    def _heads_have_their_inputs(self) -> Self:
        if not self.has_heads:
            return self
        if not self.descriptors:
            raise ValueError("descriptors is false; heads and Gaussian processes need them")
        if self.split.kind != "grouped":
            raise ValueError("split is not grouped; heads and Gaussian processes are held out so")
        return self

    @model_validator(mode="after")
    def _answers_with_its_outputs(self) -> Self:
        self.answers.check(OUTPUTS if self.has_heads else (LTC, *self.outputs))
        return self

    @property
    def has_heads(self) -> bool:
        """Whether any stage's members answer by heads and Gaussian processes."""
        return any(schedule.heads for schedule in self.schedules.values())

    def has_schedule(self, stage: str, dataset: str) -> bool:
        """Tell whether the preset says how a stage is trained."""
        return self._found(stage, dataset) is not None

    def has_process(self, stage: str, dataset: str) -> bool:
        """Tell whether a stage's members have Gaussian processes beside the network."""
        found = self._found(stage, dataset)
        return found is not None and found.gaussian_process

    @property
    def inputs(self) -> InputSettings:
        """The network's inputs."""
        cutoff = Cutoff(self.bonds.fade_from, self.bonds.cutoff)
        return InputSettings(cutoff, self.descriptors)

    @property
    def architecture(self) -> Architecture:
        """The network's architecture."""
        return Architecture(self.mlp, len(self.outputs), len(NAMES) if self.descriptors else 0)

    def schedule(self, stage: str, dataset: str) -> Schedule:
        """Return the schedule for a stage: its own if the preset has one, else its data set's."""
        found = self._found(stage, dataset)
        if found is None:
            raise DataError(f"Preset {self.name} has no schedule for {stage} or {dataset}.")
        return found

    def _found(self, stage: str, dataset: str) -> Schedule | None:
        return self.schedules.get(stage) or self.schedules.get(dataset)
