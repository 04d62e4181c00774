"""Ensembles of random weights on disk."""

import shutil
from pathlib import Path

import pytest

from models.ensemble import Ensemble
from tests.models.made_ensemble import write_heads, write_networks


@pytest.fixture(scope="session")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ensemble of networks alone."""
    directory = tmp_path_factory.mktemp("networks") / "mix-stage3"
    directory.mkdir()
    write_networks(directory)
    return directory


@pytest.fixture(scope="session")
def intact_heads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ensemble with heads, a process and evidence."""
    directory = tmp_path_factory.mktemp("heads") / "recommended"
    directory.mkdir()
    write_heads(directory)
    return directory


@pytest.fixture(scope="session")
def ensemble(intact: Path) -> Ensemble:
    """The ensemble of networks alone."""
    return Ensemble.load(intact)


@pytest.fixture(scope="session")
def head_ensemble(intact_heads: Path) -> Ensemble:
    """The ensemble with heads, a process and evidence."""
    return Ensemble.load(intact_heads)


@pytest.fixture
def copy(intact: Path, tmp_path: Path) -> Path:
    """A copy of the ensemble of networks, to be damaged."""
    return shutil.copytree(intact, tmp_path / intact.name)


@pytest.fixture
def head_copy(intact_heads: Path, tmp_path: Path) -> Path:
    """A copy of the ensemble with heads, to be damaged."""
    return shutil.copytree(intact_heads, tmp_path / intact_heads.name)
