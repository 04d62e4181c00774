"""The page on a kind of error: for people; programs get JSON."""

import pytest
from fastapi.testclient import TestClient
from pymatgen.core import Lattice, Structure

from app.api.advice import ADVICE
from app.api.problems import STATUS, Kind
from models.crystal.crystal import Crystal
from models.crystal.neighbors import FARTHEST
from models.errors import IsolatedAtom

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.code)
def test_browsers_get_a_page_that_says_what_to_do(client: TestClient, kind: Kind) -> None:
    response = client.get(f"/problems/{kind.code}", headers=BROWSER)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["vary"] == "Accept"
    assert f"<h2>{kind.title}</h2>" in response.text
    assert ADVICE[kind].split("'")[0] in response.text
    assert "$" not in response.text


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "TEXT/HTML; charset=utf-8",
        "text/*",
        "text/html, */*",
        "application/json;q=0.5, text/html;q=0.9",
        "*/*;q=0.1, text/html;q=0.2",
    ],
)
def test_who_would_rather_have_a_page_gets_it(client: TestClient, accept: str) -> None:
    response = client.get("/problems/overloaded", headers={"Accept": accept})
    assert response.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "",
        "text/html;q=0",
        "text/html;q=0, application/json",
        "text/html;q=0.5, application/json",
        "text/html, application/json",
        "text/*, text/html;q=0",
        "text/html;q=none",
        "text/htmlx",
        "image/png",
        ",;q,,",
    ],
)
def test_programs_get_json(client: TestClient, accept: str) -> None:
    response = client.get("/problems/overloaded", headers={"Accept": accept})
    assert response.json()["type"] == "/problems/overloaded"
    assert response.headers["vary"] == "Accept"


def test_the_advice_on_isolated_atoms_is_the_rule() -> None:
    noble = Structure(Lattice.cubic(5.31), ["Ar"], [[0, 0, 0]])
    assert Crystal.of(noble).formula == "Ar"  # no noble gas is refused for what it is
    assert "noble" not in ADVICE[IsolatedAtom]
    assert f"{FARTHEST:g} angstroms" in ADVICE[IsolatedAtom]
