"""The Materials Project's client without the packages that the image leaves out."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest

from models.structure.materials_project.unused import without_unused
from tests.materials_project_server import MaterialsProjectServer

ROOT = Path(__file__).parents[4]
FETCH = """
import importlib.machinery, sys
missing = set(sys.argv[2:])
find = importlib.machinery.PathFinder.find_spec
def find_others(name, *rest):
    return None if name.partition(".")[0] in missing else find(name, *rest)
importlib.machinery.PathFinder.find_spec = find_others
import app.factory, app.screening.command
from models.structure.materials_project.client import MaterialsProject
project = MaterialsProject("k" * 32, endpoint=sys.argv[1], timeout=30.0)
print(project.structure("mp-22862").composition.reduced_formula)
print(len(project.search(1, 2, {"elements": ["Na"]})))
import matplotlib
"""


def left_out() -> set[str]:
    """Return the distributions that the image's build uninstalls."""
    words = (ROOT / "Dockerfile").read_text().partition("uv pip uninstall")[2]
    return set(re.findall(r"[a-z0-9-]{4,}", words.partition("&&")[0])) - {"python"}


def modules(distributions: set[str]) -> set[str]:
    """Return the modules that are found no more without these distributions."""
    found = packages_distributions()
    return {
        module
        for module, owners in found.items()
        if {owner.lower().replace("_", "-") for owner in owners} <= distributions
    }


@pytest.mark.timeout(600)
def test_structures_come_without_what_the_image_leaves_out(
    materials_project: MaterialsProjectServer,
) -> None:
    missing = modules(left_out())
    assert {"deltalake", "boto3", "matplotlib", "PIL"} <= missing
    done = subprocess.run(
        [sys.executable, "-c", FETCH, materials_project.endpoint, *sorted(missing)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["NaCl", "1"], done.stderr
    assert "No module named 'matplotlib'" in done.stderr  # afterwards it is missed again


class Importing(ModuleType):
    """A module that is looked at while another thread imports one more."""

    def __getattribute__(self, name: str) -> object:  # isinstance asks for `__class__`
        sys.modules["imported_meanwhile"] = ModuleType("imported_meanwhile")
        return super().__getattribute__(name)


def test_other_threads_may_import_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "modules", dict(sys.modules, importing=Importing("importing")))
    with without_unused():
        pass
