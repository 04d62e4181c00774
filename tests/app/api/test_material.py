"""GET /predict/{material_id}, through the real client of the Materials Project."""

import pytest

from app.settings import Settings
from tests.app.api.test_predict import code, post
from tests.app.conftest import serving

KEY = "k" * 32


@pytest.fixture
def connected(materials_project):
    return Settings(mp_api_key=KEY, mp_api_endpoint=materials_project.endpoint, mp_timeout=2.0)


@pytest.fixture
def client(connected, ensemble):
    with serving(connected, ensemble) as client:
        yield client


def lookups(materials_project):
    return [path for path in materials_project.behaviour.asked if "material_ids" in path]


def test_a_material_is_answered_by_its_id(client):
    response = client.get("/predict/mp-9127")
    assert response.status_code == 200
    material = response.json()["material"]
    assert material["material_id"] == "mp-9127"
    assert material["formula"] == "Ba(SbO3)2"
    assert material["n_sites"] == 9
    assert material["space_group"] == "P-31m"
    assert response.headers["server-timing"].startswith("fetch;dur=")


def test_an_id_is_fetched_once(client, materials_project):
    states = [client.get("/predict/mp-9127").json()["cache"] for _ in range(3)]
    assert states == ["miss", "hit", "hit"]
    assert len(lookups(materials_project)) == 1


def test_an_upload_of_the_same_crystal_does_not_get_the_id(client, rocksalt_cif):
    by_id = client.get("/predict/mp-22862").json()
    upload = post(client, rocksalt_cif).json()
    assert upload["cache"] == "hit"
    assert by_id["material"]["material_id"] == "mp-22862"
    assert upload["material"]["material_id"] is None
    assert upload["ltc"] == by_id["ltc"]


def test_an_unknown_id_is_remembered(client, materials_project):
    answers = [client.get("/predict/mp-1") for _ in range(2)]
    assert [(code(answer), answer.status_code) for answer in answers] == [
        ("unknown-material", 404)
    ] * 2
    assert len(lookups(materials_project)) == 1


def test_an_invalid_id_is_not_asked_for(client, materials_project):
    response = client.get("/predict/NaCl")
    assert (code(response), response.status_code) == ("invalid-material-id", 422)
    assert materials_project.behaviour.asked == []


def test_an_outage_is_reported_and_not_remembered(client, materials_project):
    materials_project.behaviour.failures = 100
    response = client.get("/predict/mp-9127")
    assert (code(response), response.status_code) == ("materials-project-unavailable", 503)
    assert int(response.headers["retry-after"]) > 0
    materials_project.behaviour.failures = 0
    assert client.get("/predict/mp-9127").status_code == 200


def test_a_refused_key(client, materials_project):
    materials_project.behaviour.key = "a" * 32
    response = client.get("/predict/mp-9127")
    assert (code(response), response.status_code) == ("materials-project-key-missing", 503)


def test_without_a_key(settings, ensemble):
    with serving(settings, ensemble) as client:
        response = client.get("/predict/mp-9127")
    assert (code(response), response.status_code) == ("materials-project-key-missing", 503)
    assert "MP_API_KEY" in response.json()["detail"]


def test_a_material_too_large(connected, ensemble):
    with serving(connected.model_copy(update={"max_sites": 8}), ensemble) as client:
        assert code(client.get("/predict/mp-9127")) == "structure-too-large"


def test_an_unknown_ensemble_is_noticed_first(client, materials_project):
    assert code(client.get("/predict/mp-9127?ensemble=other")) == "unknown-ensemble"
    assert materials_project.behaviour.asked == []
