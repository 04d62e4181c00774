"""Presets: every setting that decides how members are trained, read from TOML."""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.dataclasses import dataclass as checked_dataclass

from models.crystal.graph import MEGNET, Cutoff
from models.descriptors.describe import NAMES
from models.errors import DataError
from models.manifest import Protocol
from models.network.architecture import Architecture
from models.network.inputs import InputSettings
from models.prediction.gaussian_process import OUTPUTS
from models.prediction.policy import LTC, AnswerPolicy
from training.data.catalogue import LTC_SETS

PRESETS = Path(__file__).parent / "presets"
PRESET_FILE = "preset.json"  # of an exported ensemble
HELD_OUT: Final = "held-out"
LossName = Literal["mape", "log"]
Initialiser = Literal["keras", "pytorch"]
Fraction = Annotated[float, Field(ge=0, lt=1)]
STRICT = ConfigDict(extra="forbid")


@checked_dataclass(frozen=True, config=STRICT)
class Schedule:
    """One training's length and steps.

    The learning rate follows a cosine from `learning_rate` at epoch 0 to `floor` at epoch `t_max`,
    after a linear rise over `warmup_epochs`. `average` is the decay, per step, of a running average
    of the weights that is used in place of the last ones (0: none); `clip` bounds the gradient's
    norm (0: no bound); `inner_fraction` of the training rows are kept to choose the epoch on.
    `heads`: whether the network of the stage before is kept, and heads are fitted on it.
    `gaussian_process`: whether some are fitted to the same rows, to predict beside the network.
    `weights` of the outputs in a log loss; what is not named has none. An output that has a weight
    but no reference in the data set is fitted to the predictions of the stage before.
    """

    epochs: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    floor: NonNegativeFloat
    t_max: PositiveInt
    warmup_epochs: NonNegativeInt = 0
    average: Fraction = 0.0
    clip: NonNegativeFloat = 0.0
    inner_fraction: Fraction = 0.0
    heads: bool = False
    gaussian_process: bool = False
    weights: Mapping[str, NonNegativeFloat] = dataclasses.field(default_factory=dict)

    @model_validator(mode="after")
    def _heads_come_with_a_process(self) -> Self:
        if self.heads != self.gaussian_process:
            raise ValueError("heads and gaussian_process come together or not at all")
        return self


@checked_dataclass(frozen=True, config=STRICT)
class LossSettings:
    """The loss function.

    `mape`: the paper's, of the first output. `log`: Huber's, of the logarithms of all outputs,
    which is linear above `bend` standard deviations.
    """

    kind: LossName = "mape"
    bend: PositiveFloat = 0.25


@checked_dataclass(frozen=True, config=STRICT)
class SplitSettings:
    """The split: which crystals are held out from which member.

    `published`: the paper's nine permutations, cut at 80 %. `grouped`: the formulas of the data
    sets `dealt` are dealt into nine folds, set by set, the smallest first; a member is kept from
    one fold. A share `set_aside` of the formulas, drawn with `choice_seed`, is trained on by all
    members: settings were chosen on it, no error is reported on it.
    """

    kind: Literal["published", "grouped"] = "published"
    dealt: tuple[str, ...] = LTC_SETS
    set_aside: Fraction = 0.2
    choice_seed: NonNegativeInt = 1


PUBLISHED = SplitSettings()


@checked_dataclass(frozen=True, config=STRICT)
class BondSettings:
    """Cutoff of the bonds in A, and where they begin to fade out: the cutoff itself if sharp."""

    cutoff: PositiveFloat = MEGNET.end
    fade_from: PositiveFloat = MEGNET.start


@checked_dataclass(frozen=True, config=STRICT)
class HeadSettings:
    """A member's heads: MLPs for log10(LTC) on MEGNet's embedding and the descriptors.

    `number` of them, with `hidden` layers. `dropout` after each layer, `input_dropout` before the
    first; `weight_decay` of AdamW (Loshchilov and Hutter, arXiv 1711.05101), whose rate rises over
    `warmup_steps`. Errors are Student's t with `degrees_of_freedom` and `error_scale`, in standard
    deviations of log10(LTC).
    """

    number: PositiveInt = 4
    hidden: tuple[PositiveInt, PositiveInt] = (256, 128)
    dropout: Fraction = 0.2
    input_dropout: Fraction = 0.1
    weight_decay: NonNegativeFloat = 0.01
    warmup_steps: PositiveInt = 100
    degrees_of_freedom: PositiveFloat = 3.0
    error_scale: PositiveFloat = 0.15


@checked_dataclass(frozen=True, config=STRICT)
class CovarianceStart:
    """Initial values of the covariance: variances of log10(LTC), and the linear part's slope."""

    amplitude: PositiveFloat = 0.12
    slope: PositiveFloat = 0.017
    noise: PositiveFloat = 0.007


@checked_dataclass(frozen=True, config=STRICT)
class EstimateSettings:
    """How an LTC is estimated for crystals of known phonons (`training.fit.frozen.estimates`).

    `quantities` of the data set `dataset`; `rate`: one over the length of each of them, `slope`:
    that of their linear part, both of standardised logarithms; `noise_share` of an estimate's
    variance is its noise.
    """

    dataset: str
    quantities: Annotated[tuple[str, ...], Field(min_length=1)]
    rate: PositiveFloat = 0.12
    slope: PositiveFloat = 0.08
    noise_share: PositiveFloat = 0.5


@checked_dataclass(frozen=True, config=STRICT)
class GaussianProcessSettings:
    """How the Gaussian processes are fitted.

    The covariance in `steps` of Adam with this `learning_rate`, in each of which the share `held`
    of the formulas is held out; the weight of each reference every `reweigh` steps, in
    `weight_steps`, for Student-t noise of so many `degrees_of_freedom`. `width`: numbers of the
    point that a crystal becomes. `estimates`: of what else is known than references, if anything.
    """

    steps: PositiveInt = 120
    learning_rate: PositiveFloat = 0.04
    held: Fraction = 0.4
    reweigh: PositiveInt = 60
    weight_steps: PositiveInt = 5
    degrees_of_freedom: PositiveFloat = 2.5
    width: PositiveInt = 96
    start: CovarianceStart = CovarianceStart()
    estimates: EstimateSettings | None = None


@checked_dataclass(frozen=True, config=STRICT)
class Preset:
    """A complete recipe.

    `protocol` paper: the published procedure, quirks included; the epoch is chosen on the split's
    validation rows. held-out: one transform fitted on training rows; the epoch is chosen on
    `inner_fraction` of the training rows, or is the last where that is 0.

    `pretrained`: whether stage 2 starts from MEGNet's weights, as the paper says; if not, from
    other random weights than stage 1, as the published code does. `initialiser`: the library whose
    random weights these are.

    `outputs`: what the network predicts (`training.data.catalogue`), the first being the LTC.
    `descriptors`: whether they join the embedding.
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


def read_preset(name: str) -> Preset:
    """Return the preset of this name, or of this path where it ends in .toml.

    A preset with a `base` is that preset but for the settings it names, inside of sections too.
    Raises DataError for an unknown name and for an unknown, missing or mistyped setting.
    """
    path = Path(name) if name.endswith(".toml") else PRESETS / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PRESETS.glob("*.toml")))
        raise DataError(f"No preset {name}: give one of {known}, or the path of a .toml file.")
    try:
        settings = tomllib.loads(path.read_text())
        if base := settings.pop("base", None):
            settings = _merged(as_dict(read_preset(base)), settings)
        return TypeAdapter(Preset).validate_python(settings | {"name": path.stem})
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise DataError(f"{path}: {error}") from error


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    inner = {
        name: _merged(base[name], value)
        for name, value in changes.items()
        if isinstance(value, dict) and name in base
    }
    return {**base, **changes, **inner}


def preset_of(text: str | bytes) -> Preset:
    """Return the preset that was written as JSON; pydantic's ValidationError where it is none."""
    return TypeAdapter(Preset).validate_json(text)


def as_dict(preset: Preset) -> dict[str, Any]:
    """Return the preset as plain values, to be written beside what it produced."""
    return dict(TypeAdapter(Preset).dump_python(preset, mode="json"))
