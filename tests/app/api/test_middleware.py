"""Headers, ids, logs, keys, hosts, origins and rates: what every request passes."""

import hashlib
import json
import logging
import sys

import pytest
from fastapi.testclient import TestClient

from app.api.middleware import keys
from app.api.middleware.headers import SECURITY_HEADERS
from app.api.middleware.keys import ApiKeys, KeysUnusable
from app.api.middleware.rates import client_of
from app.factory import create_app
from app.server.logs import JsonLines, TextLines
from app.settings import Settings
from tests.app.api.test_predict import code, post
from tests.app.conftest import serving

ALICE = "alice-key-0123456789"
BOB = "bob-key-0123456789abc"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/docs"),
        ("GET", "/static/icon.svg"),
        ("GET", "/health/live"),
        ("GET", "/metrics"),
        ("GET", "/nothing"),
        ("GET", "/predict/nonsense"),
        ("DELETE", "/predict"),
        ("POST", "/predict"),
    ],
)
def test_every_answer_has_security_headers_and_an_id(client, method, path):
    response = client.request(method, path)
    for name, _ in SECURITY_HEADERS:
        assert len(response.headers.get_list(name.decode())) == 1, name
    assert response.headers["x-content-type-options"] == "nosniff"
    assert len(response.headers["x-request-id"]) == 16


def test_a_failure_of_the_service_has_them_too(client, ensemble, rocksalt_cif):
    ensemble.predict = lambda graphs: 1 / 0
    response = post(client, rocksalt_cif)
    assert response.status_code == 500
    assert "x-request-id" in response.headers
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/predict/mp-1", "no-store"),
        ("/ensembles", "no-store"),
        ("/nothing", "no-store"),
        ("/problems/timeout", "no-store"),
        ("/", "no-cache"),
        ("/docs", "no-cache"),
        ("/docs/swagger-ui.css", "no-cache"),
    ],
)
def test_answers_are_kept_by_no_cache_and_files_are_asked_for_again(client, path, expected):
    response = client.get(path)
    assert response.headers["cache-control"] == expected
    if etag := response.headers.get("etag"):
        again = client.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.headers["cache-control"]) == (304, expected)


def test_a_failure_and_an_answer_are_not_kept(client, ensemble, rocksalt_cif, zincblende_cif):
    answers = [post(client, rocksalt_cif) for _ in range(2)]
    ensemble.predict = lambda graphs: 1 / 0
    answers.append(post(client, zincblende_cif))
    assert [each.status_code for each in answers] == [200, 200, 500]
    assert {each.headers["cache-control"] for each in answers} == {"no-store"}


def test_an_id_that_the_client_gives_is_kept_if_it_is_plain(client):
    def answered(given):
        return client.get("/health/live", headers={"X-Request-ID": given}).headers["x-request-id"]

    assert answered("job-17.4_a") == "job-17.4_a"
    for bad in ("x" * 65, "a b", "a\tb", "<script>", ""):
        assert answered(bad) != bad


def test_requests_are_logged_with_their_outcome_and_without_structures(
    client, rocksalt_cif, caplog
):
    with caplog.at_level(logging.INFO, logger="app.requests"):
        done = post(client, rocksalt_cif)
        refused = client.get("/predict/NaCl?secret=secret")
    first, second = [record for record in caplog.records if record.name == "app.requests"]
    assert first.fields["method"] == "POST"
    assert first.fields["path"] == "/predict"
    assert first.fields["status"] == 200
    assert first.fields["ms"] > 0
    assert first.fields["upload"] == hashlib.sha256(rocksalt_cif.encode()).hexdigest()[:16]
    assert second.fields["path"] == "/predict/{material_id}"
    assert second.fields["problem"] == "invalid-request"
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
    assert "secret" not in str(second.fields)
    assert "_cell_length" not in caplog.text
    assert done.headers["x-request-id"]


def test_head_is_logged_and_counted_as_head_with_its_route(guarded, ensemble, caplog):
    with (
        serving(guarded, ensemble) as client,
        caplog.at_level(logging.INFO, logger="app.requests"),
    ):
        refused = client.head("/predict/NaCl", headers={"X-API-Key": ALICE})
        metrics = client.get("/metrics").text
    fields = next(record.fields for record in caplog.records if record.name == "app.requests")
    assert refused.status_code == 422
    assert fields["method"] == "HEAD"
    assert fields["path"] == "/predict/{material_id}"
    assert (fields["problem"], fields["user"]) == ("invalid-material-id", "alice")
    assert 'method="HEAD",route="/predict/{material_id}",status="422"' in metrics


def record_of(message: str, **fields: object) -> logging.LogRecord:
    record = logging.LogRecord("app.requests", logging.INFO, "f", 1, message, (), None)
    record.fields = fields
    return record


def test_a_line_of_the_log_is_one_line_whatever_is_in_it():
    record = record_of("request", path="/a\nFAKE LINE", status=200)
    line = JsonLines().format(record)
    assert json.loads(line)["path"] == "/a\nFAKE LINE"
    assert "\n" not in line
    assert "\n" not in TextLines("%(message)s").format(record)


def test_control_characters_are_escaped_in_the_log():
    nasty = "a\r\n\t\x1b[2J\x7f\x85\x9b1m\u2028b"
    shown = r"a\r\n\t\x1b[2J\x7f\x85\x9b1m\u2028b"
    text = TextLines("%(message)s")
    assert text.format(record_of(nasty)) == shown
    assert text.format(record_of("request", path=nasty)).isprintable()
    assert JsonLines().format(record_of(nasty)).replace("\x7f", "").isprintable()


def test_a_traceback_is_told_from_records():
    record = record_of("failed", status=500)
    try:
        raise ValueError("a\n2026-01-01 INFO fake: request\x1b")
    except ValueError:
        record.exc_info = sys.exc_info()
    first, *lines = TextLines("%(message)s").format(record).split("\n")
    assert first == "failed status=500"
    assert all(line.startswith("    ") and line.isprintable() for line in lines)
    assert lines[-1] == r"    2026-01-01 INFO fake: request\x1b"


@pytest.fixture
def keys_file(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"# who may\nalice {ALICE}\n\nbob {BOB}\n")
    return file


@pytest.fixture
def guarded(settings, keys_file):
    return settings.model_copy(update={"api_keys_file": keys_file})


@pytest.mark.parametrize("path", ["/predict/mp-1", "/ensembles", "/structure/mp-1"])
def test_calls_need_a_key_where_there_are_keys(guarded, ensemble, path):
    with serving(guarded, ensemble) as client:
        for headers in (
            {},
            {"X-API-Key": "wrong"},
            {"X-API-Key": ""},
            {"Authorization": "Bearer"},
            {"Authorization": f"Basic {ALICE}"},
            {"X-API-Key": f"alice {ALICE}"},
            {"X-API-Key": "clé"},
        ):
            encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
            refused = client.get(path, headers=encoded)
            assert (code(refused), refused.status_code) == ("unauthorized", 401)
            assert refused.headers["www-authenticate"].startswith("Bearer")
        for headers in ({"X-API-Key": ALICE}, {"Authorization": f"Bearer {BOB}"}):
            assert client.get(path, headers=headers).status_code != 401


@pytest.mark.parametrize(
    ("path", "origins", "expected"),
    [
        ("/ensembles", (), "Authorization, X-API-Key"),
        ("/problems/timeout", (), "Accept, Authorization, X-API-Key"),
        ("/ensembles", ("https://a.example",), "Origin, Authorization, X-API-Key"),
    ],
)
def test_answers_vary_with_the_key_where_there_are_keys(guarded, ensemble, path, origins, expected):
    with serving(guarded.model_copy(update={"cors_origins": origins}), ensemble) as client:
        for headers in ({}, {"X-API-Key": ALICE}, {"Origin": "https://a.example"}):
            assert client.get(path, headers=headers).headers.get_list("vary") == [expected]


def test_answers_do_not_vary_where_there_are_no_keys(client):
    assert "vary" not in client.get("/ensembles").headers


def test_health_and_the_page_need_no_key(guarded, ensemble):
    with serving(guarded, ensemble) as client:
        for path in (
            "/health/live",
            "/health/ready",
            "/",
            "/static/icon.svg",
            "/problems/timeout",
        ):
            assert client.get(path).status_code == 200


def test_keys_change_without_a_restart(guarded, keys_file, ensemble, monkeypatch, caplog):
    monkeypatch.setattr(keys, "LOOK_AGAIN", 0.0)

    def status(key):
        return client.get("/ensembles", headers={"X-API-Key": key}).status_code

    with serving(guarded, ensemble) as client:
        assert (status(ALICE), status(BOB)) == (200, 200)
        keys_file.write_text(f"alice {ALICE}\n")
        assert (status(ALICE), status(BOB)) == (200, 401)
        keys_file.unlink()
        assert (status(ALICE), status(BOB)) == (200, 401)
        assert "still hold" in caplog.text
        keys_file.write_text(f"bob {BOB}\nalice two words\n")
        assert (status(ALICE), status(BOB)) == (200, 401)


def test_every_key_is_compared_whichever_is_right(keys_file, monkeypatch):
    """The time a comparison takes must not tell how much of a key, or which one, is right."""
    compared = []

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return a == b

    monkeypatch.setattr(keys, "compare_digest", compare)
    known = ApiKeys(keys_file)
    assert [known.user(key) for key in (ALICE, BOB, "x")] == ["alice", "bob", None]
    assert compared == [(32, 32)] * 6


@pytest.mark.parametrize("content", ["", "# none\n", "alice\n", "alice short\n", "a b c\n"])
def test_a_file_without_usable_keys_stops_the_start(guarded, keys_file, content):
    keys_file.write_text(content)
    with pytest.raises(KeysUnusable, match="API_KEYS_FILE"):
        ApiKeys(keys_file)
    with pytest.raises(KeysUnusable):
        create_app(guarded)


@pytest.mark.parametrize(
    ("path", "setting"),
    [("/metrics", "metrics_access"), ("/docs", "docs_access"), ("/openapi.json", "docs_access")],
)
def test_metrics_and_docs_can_be_closed(guarded, ensemble, path, setting):
    statuses = {}
    for access in ("open", "key", "closed"):
        with serving(guarded.model_copy(update={setting: access}), ensemble) as client:
            with_key = client.get(path, headers={"X-API-Key": ALICE}).status_code
            statuses[access] = (client.get(path).status_code, with_key)
    assert statuses == {"open": (200, 200), "key": (401, 200), "closed": (404, 404)}


def test_closed_paths_are_closed_under_a_prefix_too(guarded, ensemble):
    closed = guarded.model_copy(update={"metrics_access": "closed", "docs_access": "closed"})
    app = create_app(closed, load=lambda _settings: [ensemble])
    with TestClient(app, root_path="/ltc") as client:
        for path in ("/metrics", "/docs", "/openapi.json"):
            assert client.get(f"/ltc{path}", headers={"X-API-Key": ALICE}).status_code == 404
        assert client.get("/ltc/ensembles").status_code == 401
        assert client.get("/ltc/health/live").status_code == 200


def test_other_hosts_are_refused(settings, ensemble):
    hosts = ("ltc.example", "*.lab.example")
    with serving(settings.model_copy(update={"trusted_hosts": hosts}), ensemble) as client:

        def status(host):
            return client.get("/ensembles", headers={"Host": host}).status_code

        for good in ("ltc.example", "LTC.example:8000", "a.lab.example"):
            assert status(good) == 200
        for bad in ("evil.example", "lab.example", "ltc.example.evil", "notlab.example", ""):
            assert status(bad) == 421
        assert client.get("/health/live", headers={"Host": "10.0.0.7:8000"}).status_code == 200


def test_other_origins_may_call_only_where_they_are_named(settings, ensemble):
    def allowed(settings: Settings, origin: str) -> str | None:
        with serving(settings, ensemble) as client:
            response = client.get("/ensembles", headers={"Origin": origin})
        found: str | None = response.headers.get("access-control-allow-origin")
        return found

    named = settings.model_copy(update={"cors_origins": ("https://a.example",)})
    assert allowed(settings, "https://a.example") is None
    assert allowed(named, "https://a.example") == "https://a.example"
    assert allowed(named, "https://b.example") is None


def test_a_client_that_asks_too_often_waits(guarded, ensemble):
    limited = guarded.model_copy(update={"rate_limit": "3/minute"})
    with serving(limited, ensemble) as client:

        def status(key):
            return client.get("/ensembles", headers={"X-API-Key": key}).status_code

        assert [status(ALICE) for _ in range(4)] == [200, 200, 200, 429]
        refused = client.get("/ensembles", headers={"X-API-Key": ALICE})
        assert code(refused) == "rate-limited"
        assert int(refused.headers["retry-after"]) == 20
        assert status(BOB) == 200  # another client
        assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize(
    ("scope", "client"),
    [
        ({"client": ("10.0.0.1", 1), "user": "alice"}, "user alice"),
        ({"client": ("10.0.0.1", 1)}, "10.0.0.1"),
        ({"client": ("2001:db8:1:2:aaaa::1", 1)}, "2001:db8:1:2::"),
        ({"client": ("::ffff:10.0.0.1", 1)}, "10.0.0.1"),
        ({"client": None}, "unknown"),
    ],
)
def test_who_a_client_is(scope, client):
    assert client_of(scope) == client


@pytest.mark.parametrize(
    "rate", ["many", "10", "10/fortnight", "-1/minute", "0/minute", "10/second;100/minute"]
)
def test_a_rate_that_is_none_stops_the_start(monkeypatch, rate):
    monkeypatch.setenv("RATE_LIMIT", rate)
    with pytest.raises(ValueError, match="rate_limit"):
        Settings()
