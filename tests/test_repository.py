"""The repository as a whole: who imports whom, lock files, documents and commands."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import __version__
from models.structure.read import parse_structure

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "models", "training")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "models").rglob("*.md")]
)
PICKLES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
COMMANDS = [ROOT / ".ci/run", *WORKFLOWS, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(source: Path) -> Iterator[str]:
    """Yield the top-level name of every absolute import, wherever in the file it stands."""
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def importers(package: str, forbidden: set[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if name in forbidden
    ]


def normalised(requirement: str) -> str:
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> set[str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    return {normalised(line) for line in lines if "==" in line}


def declared(*extras: str) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    return {
        normalised(requirement)
        for requirement in project["dependencies"] + [r for e in extras for r in optional[e]]
    }


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("models", {"app", "training"}),
        ("app", {"training"}),
        ("training", {"app"}),
        *((package, {"benchmarks", "tests"}) for package in PACKAGES),
    ],
)
def test_training_and_app_meet_only_in_models(package, forbidden):
    assert importers(package, forbidden) == []


@pytest.mark.parametrize("package", ["app", "models"])
def test_the_service_runs_no_keras(package):
    assert importers(package, {"keras", "megnet", "tf_keras"}) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_pickled(package):
    assert importers(package, PICKLES) == []
    assert [path for path in modules(package) if "allow_pickle=True" in path.read_text()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_of_modules_is_a_package(package):
    folders = {path.parent for path in modules(package)}
    assert folders
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("module", ["app.factory", "models.errors"])
def test_import_loads_no_tensorflow(module):
    probe = f"import sys, {module}; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=True)


def test_an_answer_needs_no_tensorflow():
    probe = """
import sys
from app.service.ensembles import check_ensemble, load_ensemble
from app.settings import Settings
check_ensemble(load_ensemble(Settings(), "recommended"), Settings())
sys.exit("tensorflow" in sys.modules)
"""
    subprocess.run([sys.executable, "-c", probe], cwd=ROOT, check=True)


@pytest.mark.parametrize("lock", ["dev.lock", "serve.lock"])
def test_lock_files_name_no_host(lock):
    assert "://" not in (ROOT / "requirements" / lock).read_text()


def test_lock_files_hold_every_direct_dependency():
    assert declared("training", "dev") <= locked("dev.lock")
    assert declared() <= locked("serve.lock")


def test_the_image_holds_no_tensorflow():
    unwanted = {"keras", "megnet", "tensorflow", "tensorflow-cpu", "tf-keras"}
    assert locked("serve.lock") & unwanted == set()


def test_every_direct_dependency_has_its_reason():
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text()
    explained = {normalised(name) for name in re.findall(r"^\| `([^`]+)`", reasons, re.MULTILINE)}
    assert explained == declared("training", "dev")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_resolve(document):
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    paths = [target.partition("#")[0] for target in targets if "://" not in target]
    assert [path for path in paths if not (document.parent / path).exists()] == []


@pytest.mark.parametrize("source", COMMANDS, ids=lambda path: path.name)
def test_commands_named_exist(source):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`|run: )make ([a-z-]+)\b", source.read_text(), re.MULTILINE))
    assert named
    assert named <= targets


def test_the_tour_names_what_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    tour = text[text.index("## Tour of the code") : text.index("## A change")]
    names = re.findall(r"`((?:app|models|training)/[\w/.]*)`", tour)
    assert len(names) > 7
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_version_is_the_same_everywhere():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert __version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## [{version}] - " in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_hash(workflow):
    used = re.findall(r"uses: (.*)", workflow.read_text())
    assert used
    assert [use for use in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", use)] == []


def test_every_decision_is_in_the_list():
    folder = ROOT / "docs/decisions"
    index = (folder / "0001-record-decisions.md").read_text()
    pages = {path.name for path in folder.glob("*.md")} - {"0001-record-decisions.md"}
    assert pages
    assert [name for name in sorted(pages) if f"({name})" not in index] == []


def test_make_lists_every_target():
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert phony is not None
    assert [line.split()[0] for line in listed.stdout.splitlines()] == phony[1].split()


def test_the_example_is_rocksalt():
    structure = parse_structure((ROOT / "examples/NaCl.cif").read_text())
    assert structure.composition.formula == "Na4 Cl4"
    assert structure.get_space_group_info() == ("Fm-3m", 225)
    assert structure.lattice.abc == pytest.approx((5.64, 5.64, 5.64))
