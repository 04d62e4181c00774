"""What is compiled ahead is what is called: nothing is compiled for a first request."""

import importlib
import pkgutil
import shutil
from typing import Any

import pytest
from numba.core.registry import CPUDispatcher

import models
from models.compiling.__main__ import compile_all
from models.compiling.cache import MODELS, source_digest
from models.crystal.crystal import Crystal
from models.descriptors.describe import describe
from tests.crystals import generated_crystals

CALLED_ALONE = ("models.network.compiled.",)  # tests/models/network/test_compiled.py


def entries() -> dict[str, Any]:
    """Return the compiled functions that Python calls, by their names."""
    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(models.__path__, "models."):
        if ".compiled." in module.name and not module.name.startswith(CALLED_ALONE):
            for name, each in vars(importlib.import_module(module.name)).items():
                if isinstance(each, CPUDispatcher) and each.targetoptions.get("nogil"):
                    found[f"{each.__module__}.{name}"] = each
    return found


@pytest.mark.parametrize("structure", generated_crystals(8, seed=4))
def test_all_is_compiled_ahead_for_the_types_it_is_called_with(structure):
    crystal = Crystal.of(structure)
    describe(crystal)
    assert crystal.network
    assert crystal.structure_type
    assert crystal.fading_graph
    compile_all()
    functions = entries()
    assert len(functions) > 10
    assert {name: len(each.signatures) for name, each in functions.items()} == dict.fromkeys(
        functions, 1
    )


@pytest.mark.parametrize(
    "name",
    ["network/covariances.py", "network/compiled/process.py", "crystal/neighbors.py", "smooth.py"],
)
def test_compiled_code_is_stale_when_a_constant_that_it_holds_has_changed(name, tmp_path):
    copy, unchanged = tmp_path / "copy", tmp_path / "unchanged"
    for folder in (copy, unchanged):
        ignored = shutil.ignore_patterns("ensembles", "__pycache__")
        shutil.copytree(MODELS, folder, ignore=ignored)
    (copy / name).write_text((copy / name).read_text() + "LOCAL = 3.0\n")
    assert source_digest(unchanged) == source_digest(MODELS)
    assert source_digest(copy) != source_digest(MODELS)
