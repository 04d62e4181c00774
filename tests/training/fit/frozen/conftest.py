"""The recipe of `recommended` in small, and small references, for its heads and processes."""

from pathlib import Path

import pytest

from training.config import Preset, read_preset
from training.data.graphs import GraphDataset, read_graphs


@pytest.fixture(scope="session")
def preset() -> Preset:
    return read_preset("smoke-recommended")


@pytest.fixture(scope="session")
def data(small_data: Path, preset: Preset) -> GraphDataset:
    return read_graphs("reference", small_data, preset.inputs)
