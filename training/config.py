"""How members are trained: a preset, read from TOML, with one schedule for each data set."""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from models.errors import DataError

PRESETS = Path(__file__).parent / "presets"
Protocol = Literal["paper", "honest"]


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Schedule:
    """One training's length and steps.

    The learning rate follows a cosine from `learning_rate` at epoch 0 to `floor` at epoch `t_max`,
    after a linear rise over `warmup_epochs`. `average` is the decay, per step, of a running average
    of the weights that is used in place of the last ones (0: none); `clip` bounds the gradient's
    norm (0: no bound).
    """

    epochs: int
    batch_size: int
    learning_rate: float
    floor: float
    t_max: int
    warmup_epochs: int = 0
    average: float = 0.0
    clip: float = 0.0


@checked_dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Preset:
    """A complete recipe.

    `protocol` paper: the published procedure, quirks included; the epoch is chosen on the split's
    validation rows. honest: one transform fitted on training rows; the epoch is chosen on
    `inner_fraction` of the training rows, or is the last where that is 0.
    """

    name: str
    protocol: Protocol
    seed: int
    schedules: Mapping[str, Schedule]
    inner_fraction: float = 0.0
    mlp: tuple[int, ...] = (450, 350, 350)
    deterministic: bool = False
    checkpoint_seconds: float = 20.0

    def schedule(self, stage: str, dataset: str) -> Schedule:
        """Return the schedule for a stage: its own if the preset has one, else its data set's."""
        for key in (stage, dataset):
            if key in self.schedules:
                return self.schedules[key]
        raise DataError(f"Preset {self.name} has no schedule for {stage} or {dataset}.")


def read_preset(name: str) -> Preset:
    """Return the preset of this name, or of this path where it ends in .toml.

    Raises DataError for an unknown name and for an unknown, missing or mistyped setting.
    """
    path = Path(name) if name.endswith(".toml") else PRESETS / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in PRESETS.glob("*.toml")))
        raise DataError(f"No preset {name}: give one of {known}, or the path of a .toml file.")
    settings = tomllib.loads(path.read_text())
    try:
        return TypeAdapter(Preset).validate_python(settings | {"name": path.stem})
    except ValidationError as error:
        raise DataError(f"{path}: {error}") from error


def as_dict(preset: Preset) -> dict[str, Any]:
    """Return the preset as plain values, to be written beside what it produced."""
    return dataclasses.asdict(preset)
