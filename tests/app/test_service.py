"""Readiness, ensembles, problems, metrics, and what importing the app does."""

import re
import subprocess
import sys
import threading
from importlib import import_module
from inspect import iscoroutinefunction
from pkgutil import iter_modules
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient

from app.api import routes
from app.api.problems import STATUS
from app.factory import create_app
from app.schemas import EnsembleEvidence
from app.service.ensembles import default_name, ensemble_names, found_names, load_ensemble
from models import errors
from models.prediction.evidence import TrainingCrystal
from tests.app.api.test_predict import code, post
from tests.app.conftest import FakeEnsemble, serving, wait_until_ready


def test_ready_only_after_every_ensemble_is_loaded_and_checked(settings, rocksalt_cif):
    loaded = threading.Event()

    def load(_settings):
        loaded.wait(10)
        return [FakeEnsemble()]

    with TestClient(create_app(settings, load=load)) as client:
        assert client.get("/health/live").json() == {"status": "live"}
        for early in (client.get("/health/ready"), client.get("/ensembles")):
            assert (code(early), early.status_code) == ("not-ready", 503)
            assert "retry-after" in early.headers
        assert code(post(client, rocksalt_cif)) == "not-ready"
        loaded.set()
        wait_until_ready(client)
        assert client.get("/health/ready").json() == {"status": "ready"}
        assert post(client, rocksalt_cif).status_code == 200


def never_ready(settings, ensembles):
    """Return whether loading failed, and the code that readiness answers."""
    failed = threading.Event()
    app = create_app(settings, load=lambda _settings: ensembles, on_failure=failed.set)
    with TestClient(app) as client:
        assert failed.wait(10)
        return code(client.get("/health/ready"))


def test_a_failed_golden_check_stops_the_service(settings, ensemble, caplog):
    ensemble.intact = False
    assert never_ready(settings, [FakeEnsemble("aflow-stage2"), ensemble]) == "not-ready"
    assert "golden" in caplog.text


def test_an_ensemble_that_is_not_the_pinned_one_stops_the_service(settings, ensemble, caplog):
    pinned = settings.model_copy(update={"ensemble_digest": ("sha256:other",)})
    assert never_ready(pinned, [ensemble]) == "not-ready"
    assert "ENSEMBLE_DIGEST" in caplog.text


def test_a_default_that_is_not_loaded_stops_the_service(settings, ensemble, caplog):
    other = settings.model_copy(update={"default_ensemble": "other"})
    assert never_ready(other, [ensemble]) == "not-ready"
    assert "DEFAULT_ENSEMBLE" in caplog.text


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("a", "mix-stage3", "recommended"), "recommended"),
        (("a", "mix-stage3"), "mix-stage3"),
        (("a", "b"), "a"),
    ],
)
def test_default_ensemble(settings, names, expected):
    assert default_name(names, settings) == expected
    given = settings.model_copy(update={"default_ensemble": "a"})
    assert default_name(names, given) == "a"


def test_names_are_found_in_the_directory(settings, tmp_path):
    empty = settings.model_copy(update={"ensembles_dir": tmp_path})
    with pytest.raises(errors.EnsembleError, match="ENSEMBLES_DIR"):
        ensemble_names(empty)
    for name in ("b", "a", "unfinished"):
        (tmp_path / name).mkdir()
    for name in ("b", "a"):
        (tmp_path / name / "manifest.json").touch()
    assert found_names(tmp_path) == ensemble_names(empty) == ("a", "b")
    assert ensemble_names(empty.model_copy(update={"ensembles": ("b",)})) == ("b",)


@pytest.mark.parametrize("name", ["missing", "../models", ""])
def test_no_ensemble_from_elsewhere(settings, tmp_path, name):
    with pytest.raises(errors.UnknownEnsemble):
        load_ensemble(settings.model_copy(update={"ensembles_dir": tmp_path}), name)


def test_ensembles_are_listed_and_shown(settings):
    with serving(settings, FakeEnsemble("aflow-stage2"), FakeEnsemble("mix-stage3")) as client:
        listed = client.get("/ensembles").json()["ensembles"]
        shown = client.get("/ensembles/aflow-stage2").json()
        unknown = client.get("/ensembles/other")
    assert [(entry["name"], entry["default"]) for entry in listed] == [
        ("aflow-stage2", False),
        ("mix-stage3", True),
    ]
    assert shown["manifest"]["metrics"] == {"mape": 0.3}
    assert (code(unknown), unknown.status_code) == ("unknown-ensemble", 404)


def functions(call):
    """Yield what a call runs: its function, and all that this depends on."""
    yield call.call
    for each in call.dependencies:
        yield from functions(each)


def test_no_call_is_run_in_a_thread():
    """Forty would be run side by side, and hold Python's lock from the event loop in turns."""
    modules = [
        import_module(f"{routes.__name__}.{found.name}") for found in iter_modules(routes.__path__)
    ]
    calls = [route.dependant for module in modules for route in module.router.routes]
    found = {call for each in calls for call in functions(each)}
    assert len(found) > 20
    assert [call for call in found if not iscoroutinefunction(call)] == []


def test_info_tells_what_runs(client, settings):
    told = client.get("/info").json()
    assert told["ready"] is True
    assert told["ensembles"] == [{"name": "mix-stage3", "digest": "sha256:mix-stage3"}]
    assert told["limits"]["max_sites"] == settings.max_sites
    assert len(told["code"]) >= 16
    assert "redis" not in str(told)


ENTRY = {
    "material_id": "mp-22862",
    "formula": "NaCl",
    "dataset": "dataset1",
    "ltc": 7.9,
    "out_of_fold": None,
}


@pytest.fixture
def informed():
    """Return an ensemble that learned from one crystal."""
    informed = FakeEnsemble("mix-stage3")
    informed.references = (TrainingCrystal(**ENTRY, prototype="rocksalt"),)
    return informed


def test_evidence_is_what_the_ensemble_learned_from(settings, informed):
    with serving(settings, FakeEnsemble("aflow-stage2"), informed) as client:
        assert client.get("/ensembles/mix-stage3/evidence").json() == {"references": [ENTRY]}
        assert client.get("/ensembles/aflow-stage2/evidence").json() == {"references": []}
        unknown = client.get("/ensembles/other/evidence")
    assert (code(unknown), unknown.status_code) == ("unknown-ensemble", 404)


def test_evidence_is_written_once_and_given_by_its_etag(settings, informed, monkeypatch):
    write = Mock(wraps=EnsembleEvidence.of)
    monkeypatch.setattr(EnsembleEvidence, "of", write)
    path = "/ensembles/mix-stage3/evidence"
    with serving(settings, informed) as client:
        first, second = client.get(path), client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        other = client.get(path, headers={"If-None-Match": '"other"'})
    with serving(settings, informed):  # as a worker that is forked does
        pass
    write.assert_called_once()
    assert first.headers["content-type"] == "application/json"
    assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"
    assert first.headers["etag"] == second.headers["etag"] == again.headers["etag"]
    assert (again.status_code, again.content) == (304, b"")
    assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize(
    ("method", "path", "expected", "status"),
    [
        ("GET", "/nothing", "not-found", 404),
        ("DELETE", "/predict", "method-not-allowed", 405),
        ("GET", "/predict", "method-not-allowed", 405),
        ("GET", "/problems/nothing", "not-found", 404),
    ],
)
def test_paths_and_methods_that_do_not_exist(client, method, path, expected, status):
    response = client.request(method, path)
    assert (code(response), response.status_code) == (expected, status)
    assert response.json()["instance"] == path
    if status == 405:
        assert "POST" in response.headers["allow"] or path != "/predict"


@pytest.mark.parametrize("path", ["/ensembles/", "/predict/", "/health/live/"])
def test_a_slash_at_the_end_leads_to_no_other_host(client, path):
    response = client.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
    assert "location" not in response.headers
    assert code(response) == "not-found"


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.code)
def test_every_problem_type_leads_to_its_description(client, kind):
    described = client.get(f"/problems/{kind.code}").json()
    assert described["status"] == STATUS[kind]
    assert described["description"]


def test_every_error_a_request_can_meet_has_a_status():
    def leaves(kind):
        return [leaf for sub in kind.__subclasses__() for leaf in leaves(sub)] or [kind]

    missing = {
        kind
        for kind in leaves(errors.ParaisiteError)
        if not set(kind.__mro__) & set(STATUS) and not kind.__module__.startswith("paraisite.")
    }
    # Files of training and screening are never those of a request.
    assert all(issubclass(kind, errors.DataError) for kind in missing)


def test_codes_are_unique():
    assert len({kind.code for kind in STATUS}) == len(STATUS)


@pytest.mark.parametrize("path", ["/", "/health/live", "/docs"])
def test_head_is_answered_as_get_is(client, path):
    found = client.head(path)
    assert found.status_code == 200
    assert found.headers["content-type"] == client.get(path).headers["content-type"]


def test_documentation_comes_with_its_files(client):
    page = client.get("/docs")
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert page.status_code == 200
    assert len(files) == 3
    assert all(client.get(file).status_code == 200 for file in files)
    assert client.get("/docs/nothing.js").status_code == 404


def test_metrics(client, rocksalt_cif):
    for _ in range(2):
        post(client, rocksalt_cif)
    client.get("/nothing/at/all")
    client.get("/predict/NaCl")
    text = client.get("/metrics").text
    for line in (
        'paraisite_requests_total{method="POST",route="/predict",status="200"} 2.0',
        'paraisite_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'paraisite_requests_total{method="GET",route="/predict/{material_id}",status="422"} 1.0',
        'paraisite_cache_lookups_total{kind="upload",result="hit"} 1.0',
        'paraisite_cache_lookups_total{kind="upload",result="miss"} 1.0',
        'paraisite_cache_lookups_total{kind="answer",result="miss"} 1.0',
        'paraisite_crystals_computed_total{ensemble="mix-stage3"} 1.0',
        "paraisite_requests_in_flight 0.0",
        'paraisite_request_seconds_count{route="/predict"} 2.0',
        'paraisite_step_seconds_count{step="forward"} 1.0',
    ):
        assert line in text


def test_unexpected_failures_are_counted(client, ensemble, rocksalt_cif):
    ensemble.predict = lambda graphs: 1 / 0
    post(client, rocksalt_cif)
    assert 'route="/predict",status="500"} 1.0' in client.get("/metrics").text


def test_making_the_app_loads_no_tensorflow_and_no_client_and_opens_no_socket():
    probe = """
import socket, sys
def refuse(*args, **kwargs): raise AssertionError("a socket was opened")
socket.socket.connect = socket.socket.bind = refuse
from app.factory import create_app
from app.settings import Settings
create_app(Settings(redis_url="redis://localhost:1/0"))
sys.exit(bool({"tensorflow", "mp_api"} & set(sys.modules)))
"""
    subprocess.run([sys.executable, "-c", probe], check=True)
