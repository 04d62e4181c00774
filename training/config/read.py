"""Presets read from TOML, and kept as JSON beside what they produced."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from models.errors import DataError
from models.manifest import read_manifest
from training.config.preset import Preset

PRESETS = Path(__file__).parents[1] / "presets"
PRESET_FILE = "preset.json"  # of an exported ensemble


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


def exported_preset(folder: Path) -> Preset:
    """Return the preset that an exported ensemble was trained with.

    Earlier exports have its name alone. Raises DataError for a name that is unknown.
    """
    path = folder / PRESET_FILE
    if path.is_file():
        return preset_of(path.read_bytes())
    return read_preset(read_manifest(folder).preset)
