"""POST /structure and GET /structure/{material_id}."""

import pytest
from fastapi.testclient import TestClient
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

from tests.app.api.test_predict import code


def test_symmetry_is_applied(client: TestClient, rocksalt: Structure) -> None:
    cif = str(CifWriter(rocksalt, symprec=0.01))
    response = client.post("/structure", files={"file": ("crystal.cif", cif)})
    assert response.status_code == 200
    crystal = response.json()
    assert crystal["formula"] == "NaCl"
    assert crystal["lengths"] == pytest.approx([5.69, 5.69, 5.69])
    assert crystal["angles"] == pytest.approx([90, 90, 90])
    assert crystal["volume"] == pytest.approx(5.69**3)
    assert sorted(site["element"] for site in crystal["sites"]) == ["Cl"] * 4 + ["Na"] * 4
    again = Structure(
        crystal["vectors"],
        [site["element"] for site in crystal["sites"]],
        [site["position"] for site in crystal["sites"]],
    )
    assert again.matches(rocksalt)


def test_errors_are_those_of_a_prediction(client: TestClient) -> None:
    assert code(client.post("/structure", json={"cif": "no crystal"})) == "unreadable-structure"
    assert code(client.get("/structure/NaCl")) == "invalid-material-id"
    assert code(client.get("/structure/mp-1")) == "materials-project-key-missing"


def test_an_isolated_atom_is_drawn_and_not_documented_as_an_error(client: TestClient) -> None:
    cif = str(CifWriter(Structure(Lattice.cubic(20), ["Ar"], [[0, 0, 0]])))
    assert client.post("/structure", json={"cif": cif}).status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert "isolated-atom" in str(paths["/predict"])
    assert "isolated-atom" not in str(paths["/structure"])
