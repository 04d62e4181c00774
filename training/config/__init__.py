"""Presets: every setting that decides how members are trained, read from TOML."""

from training.config.preset import HELD_OUT, Preset
from training.config.read import (
    PRESET_FILE,
    PRESETS,
    as_dict,
    exported_preset,
    preset_of,
    read_preset,
)
from training.config.settings import (
    PUBLISHED,
    BondSettings,
    EstimateSettings,
    GaussianProcessSettings,
    HeadSettings,
    Initialiser,
    LossSettings,
    Schedule,
    SplitSettings,
)

__all__ = [
    "HELD_OUT",
    "PRESETS",
    "PRESET_FILE",
    "PUBLISHED",
    "BondSettings",
    "EstimateSettings",
    "GaussianProcessSettings",
    "HeadSettings",
    "Initialiser",
    "LossSettings",
    "Preset",
    "Schedule",
    "SplitSettings",
    "as_dict",
    "exported_preset",
    "preset_of",
    "read_preset",
]
