"""How members are trained: a preset, read from TOML, with one schedule for each data set."""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from models.descriptors.describe import NAMES
from models.errors import DataError
from models.network.architecture import Architecture

PRESETS = Path(__file__).parent / "presets"
Protocol = Literal["paper", "honest"]
Loss = Literal["mape", "log"]


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Schedule:
    """One training's length and steps.

    The learning rate follows a cosine from `learning_rate` at epoch 0 to `floor` at epoch `t_max`,
    after a linear rise over `warmup_epochs`. `average` is the decay, per step, of a running average
    of the weights that is used in place of the last ones (0: none); `clip` bounds the gradient's
    norm (0: no bound); `inner_fraction` of the training rows are kept to choose the epoch on.
    `gaussian_process`: whether one is fitted to the same rows, to answer beside the network.
    `weights` of the outputs in a log loss; what is not named has none. An output that has a weight
    but no reference in the data set is held to the answers of the stage before.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    floor: float
    t_max: int
    warmup_epochs: int = 0
    average: float = 0.0
    clip: float = 0.0
    inner_fraction: float = 0.0
    gaussian_process: bool = False
    weights: Mapping[str, float] = dataclasses.field(default_factory=dict)


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Preset:
    """A complete recipe.

    `protocol` paper: the published procedure, quirks included; the epoch is chosen on the split's
    validation rows. honest: one transform fitted on training rows; the epoch is chosen on
    `inner_fraction` of the training rows, or is the last where that is 0.

    `outputs`: what the network predicts (`training.fit.targets`), the first being what is served.
    `descriptors`: whether they join the embedding. `loss`: mape of the first output or error of the
    logarithms of all. `splits`: the published ones, or grouped by formula.
    """

    name: str
    protocol: Protocol
    seed: int
    schedules: Mapping[str, Schedule]
    mlp: tuple[int, ...] = (450, 350, 350)
    outputs: tuple[str, ...] = ("ltc",)
    descriptors: bool = False
    loss: Loss = "mape"
    splits: Literal["published", "grouped"] = "published"
    deterministic: bool = False
    checkpoint_seconds: float = 20.0

    def has_schedule(self, stage: str, dataset: str) -> bool:
        """Tell whether the preset says how a stage is trained."""
        return self._found(stage, dataset) is not None

    def has_process(self, stage: str, dataset: str) -> bool:
        """Tell whether a stage's members have a Gaussian process beside the network."""
        found = self._found(stage, dataset)
        return found is not None and found.gaussian_process

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

    A preset with a `base` is that preset but for the settings it names, inside of schedules too.
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


def as_dict(preset: Preset) -> dict[str, Any]:
    """Return the preset as plain values, to be written beside what it produced."""
    return dataclasses.asdict(preset)
