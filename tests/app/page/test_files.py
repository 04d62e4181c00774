"""The page's files without a browser: headers, references, weight, examples."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.api.routes.page import STATIC
from models.structure.read import parse_structure

ROOT = Path(__file__).parents[3]
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file())
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
    assert again.status_code in ((200, 304) if path == "/" else (304,))


@pytest.mark.parametrize("path", ["/static/none.js", "/static/..%2Fsettings.py", "/static/"])
def test_nothing_else_is_given(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def imported(first: str, pattern: str) -> set[str]:
    """Return the modules that this one needs, itself included."""
    found: set[str] = set()
    waiting = {first}
    while waiting:
        name = waiting.pop()
        found.add(name)
        text = (STATIC / "js" / f"{name}.js").read_text()
        waiting |= set(re.findall(pattern, text, re.MULTILINE)) - found
    return found


def test_modules_of_the_first_view_are_loaded_ahead_and_every_other_one_is_imported() -> None:
    page = (STATIC / "index.html").read_text()
    named = set(re.findall(r'(?:href|src)="/static/js/([a-z]+)\.js"', page))
    assert named == imported("main", r'^import .* from "\./([a-z]+)\.js";$')
    modules = {module.stem for module in MODULES}
    assert modules == imported("main", r'(?: from |import\()"\./([a-z]+)\.js"')


def test_files_name_no_other_host() -> None:
    allowed = {"http://www.w3.org/2000/svg"}
    found = {url for f in FILES for url in re.findall(r"https?://[\w./-]+", f.read_text())}
    assert found <= allowed


def test_weight_is_as_documented() -> None:
    weight = sum(f.stat().st_size for f in FILES if f.suffix != ".cif") / 1000
    stated = re.search(r"weighs (\d+) kB", (ROOT / "docs/page.md").read_text())
    assert stated is not None
    assert weight == pytest.approx(int(stated[1]), rel=0.05)


@pytest.mark.parametrize("path", sorted((STATIC / "examples").glob("*.cif")), ids=lambda p: p.stem)
def test_examples_are_offered_and_are_what_they_say(path: Path) -> None:
    assert f'value="{path.stem}"' in (STATIC / "index.html").read_text()
    structure = parse_structure(path.read_text())
    assert structure.composition.reduced_formula == path.stem
    assert len(structure) in (8, 12)  # conventional cells, which are easier to recognise
