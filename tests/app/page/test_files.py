"""The page's files without a browser: headers, references, weight, examples."""

import re
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from pymatgen.core import Composition

from app.api.routes.page import STATIC
from models.crystal.graph import MEGNET
from models.structure.read import parse_structure

ROOT = Path(__file__).parents[3]
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
EXAMPLES = sorted((STATIC / "examples").glob("*.cif"))
MODULES = [path for path in FILES if path.suffix == ".js"]


@pytest.mark.parametrize("path", ["/", *(f"/static/{f.relative_to(STATIC)}" for f in FILES)])
def test_every_file_comes_under_a_strict_policy(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    again = client.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", ["/", "/static/js/main.js", "/docs/swagger-ui.css"])
@pytest.mark.parametrize("asked", ["items=0-10", "bytes=0-10", "bytes=99999999-", "bytes=x"])
def test_files_are_given_whole_whatever_range_is_asked_for(
    client: TestClient, path: str, asked: str
) -> None:
    whole = client.get(path)
    response = client.get(path, headers={"Range": asked})
    assert (response.status_code, response.content) == (200, whole.content)
    assert response.headers["content-type"] == whole.headers["content-type"]
    assert response.headers["accept-ranges"] == "none"


@pytest.mark.parametrize("path", ["/static/none.js", "/static/..%2Fsettings.py", "/static/"])
def test_nothing_else_is_given(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def imported(first: Path, pattern: str) -> set[Path]:
    """Return the modules that this one needs, itself included."""
    found: set[Path] = set()
    waiting = {first}
    while waiting:
        module = waiting.pop()
        found.add(module)
        names = re.findall(pattern, module.read_text(), re.MULTILINE)
        waiting |= {(module.parent / name).resolve() for name in names} - found
    return found


def test_modules_of_the_first_view_are_loaded_ahead_and_every_other_one_is_imported() -> None:
    page = (STATIC / "index.html").read_text()
    named = {STATIC / path for path in re.findall(r'(?:href|src)="static/(js/[\w/]+\.js)"', page)}
    assert named == imported(STATIC / "js/main.js", r'^import .* from "(\.[^"]+)";$')
    assert set(MODULES) == imported(STATIC / "js/main.js", r'(?: from |import\()"(\.[^"]+)"')


def test_files_name_no_other_host_but_in_links() -> None:
    linked = {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/ns/csvw",
        "https://arxiv.org/abs/2411.18259",
        "https://doi.org/",
        "https://materialsproject.org/materials/",
        "https://phonopy.github.io/phono3py/",
    }
    found = {url for f in FILES for url in re.findall(r"https?://[\w./-]+", f.read_text())}
    assert found <= linked


def test_files_are_named_relative_to_the_page() -> None:
    absolute = re.compile(r"""(?:href|src|fetch|import|from)[=(\s]+["'`]/""")
    assert [f.name for f in FILES if absolute.search(f.read_text())] == []


def test_weight_is_as_documented() -> None:
    weight = sum(f.stat().st_size for f in FILES if f.suffix != ".cif") / 1000
    stated = re.search(r"weighs (\d+) kB", (ROOT / "docs/page.md").read_text())
    assert stated is not None
    assert weight == pytest.approx(int(stated[1]), rel=0.05)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_offered_and_are_what_they_say(path: Path) -> None:
    assert f'value="{path.stem}"' in (STATIC / "index.html").read_text()
    structure = parse_structure(path.read_text())
    assert structure.composition.reduced_composition == Composition(path.stem)
    assert len(structure) in (8, 12)  # conventional cells, which are easier to recognize


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_shell_of_an_example_lies_at_the_cutoff_of_the_graph(path: Path) -> None:
    structure = parse_structure(path.read_text())
    distances = structure.get_neighbor_list(1.2 * MEGNET.end)[3]
    assert np.abs(distances / MEGNET.end - 1).min() > 0.002
