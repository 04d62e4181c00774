"""The client of a service: retries, problems as errors, concurrency."""

import json
import threading
import time

import httpx
import pytest
from tenacity import wait_none

import paraisite
from app.api.problems import MEDIA_TYPE, STATUS, problem_type
from app.errors import NotReady, RateLimited, ServiceError, Unauthorized
from models.errors import DisorderedStructure, Overloaded, ParaisiteError
from paraisite.concurrent import in_order
from paraisite.problems import ServiceUnreachable, problem_error
from paraisite.service import ServiceCalc
from tests.service_process import service_process


def problem(kind: type[ParaisiteError], **headers: str) -> httpx.Response:
    body = {
        "type": problem_type(kind),
        "title": kind.title,
        "status": STATUS[kind],
        "detail": "What was wrong.",
        "instance": "/predict",
    }
    headers["content-type"] = MEDIA_TYPE
    return httpx.Response(STATUS[kind], content=json.dumps(body), headers=headers)


@pytest.fixture(scope="module")
def answered(service, rocksalt_cif) -> bytes:
    content: bytes = service.post(rocksalt_cif).content
    return content


class Scripted:
    """A transport that gives these responses, or raises them, one after the other."""

    def __init__(self, *script) -> None:
        self.script = list(script)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step: Exception | httpx.Response = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    def connect(self, **options) -> ServiceCalc:
        return ServiceCalc("http://host/ltc", transport=httpx.MockTransport(self), **options)


def test_closing_early_does_not_wait_for_what_is_under_way():
    gate = threading.Event()
    answers = in_order(lambda item: item or gate.wait(30), [1, 0, 0, 2], n_threads=2)
    assert next(answers) == 1
    start = time.monotonic()
    answers.close()
    waited = time.monotonic() - start
    gate.set()
    assert waited < 5


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch):
    monkeypatch.setattr("paraisite.service.BACKOFF", wait_none())


@pytest.mark.parametrize(
    "fault",
    [
        problem(Overloaded, **{"retry-after": "0"}),
        problem(NotReady, **{"retry-after": "0"}),
        httpx.Response(502, text="Bad gateway"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
    ],
    ids=lambda fault: str(fault)[:30],
)
def test_faults_that_pass_are_tried_again(fault, answered, rocksalt):
    scripted = Scripted(fault, httpx.Response(200, content=answered))
    assert scripted.connect().predict(rocksalt).material.formula == "NaCl"
    first, second = scripted.requests
    assert first.content == second.content


def test_the_time_that_the_service_asks_for_is_waited(answered, rocksalt):
    response = problem(RateLimited, **{"retry-after": "1"})
    scripted = Scripted(response, httpx.Response(200, content=answered))
    start = time.monotonic()
    scripted.connect().predict(rocksalt)
    assert time.monotonic() - start >= 1


def test_in_the_end_the_fault_is_raised(rocksalt):
    faults = [problem(Overloaded, **{"retry-after": "0"}) for _ in range(3)]
    with pytest.raises(Overloaded, match="What was wrong"):
        Scripted(*faults).connect(attempts=3).predict(rocksalt)
    with pytest.raises(ServiceUnreachable, match="http://host/ltc/ does not answer"):
        Scripted(*[httpx.ConnectError("refused")] * 2).connect(attempts=2).predict(rocksalt)


def test_an_address_that_is_none_is_told_at_once(rocksalt):
    with paraisite.connect("localhost:8000") as calculator, pytest.raises(ServiceUnreachable):
        calculator.calc(rocksalt)


@pytest.mark.parametrize("kind", [DisorderedStructure, Unauthorized])
def test_what_stays_wrong_is_not_tried_again(kind, rocksalt):
    scripted = Scripted(problem(kind))
    with pytest.raises(kind):
        scripted.connect().predict(rocksalt)
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.code)
def test_every_problem_is_raised_as_the_error_that_it_was(kind):
    error = problem_error(STATUS[kind], problem(kind).content)
    assert type(error) is kind
    assert str(error) == "What was wrong."


def test_problems_that_are_not_known_here():
    newer = json.loads(problem(Overloaded).content) | {"type": "/problems/newer", "more": 1}
    assert type(problem_error(400, json.dumps(newer).encode())) is ServiceError
    assert isinstance(problem_error(502, b"<html>Bad gateway"), ServiceUnreachable)


def test_a_newer_service_may_tell_more(answered, rocksalt):
    newer = json.loads(answered)
    newer["ltc"]["mode"] = newer["more"] = 1.0
    scripted = Scripted(httpx.Response(200, json=newer))
    assert scripted.connect().predict(rocksalt).material.formula == "NaCl"


def test_prefix_key_and_ensemble_are_sent(answered, rocksalt):
    scripted = Scripted(httpx.Response(200, content=answered))
    scripted.connect(api_key="secret", ensemble="mix-stage3").predict(rocksalt)
    (request,) = scripted.requests
    assert str(request.url) == "http://host/ltc/predict?ensemble=mix-stage3"
    assert request.headers["x-api-key"] == "secret"


def test_requests_are_made_side_by_side(answered, rocksalt):
    together = threading.Barrier(3, timeout=10)

    def handler(_request: httpx.Request) -> httpx.Response:
        together.wait()
        return httpx.Response(200, content=answered)

    calculator = ServiceCalc("http://host", transport=httpx.MockTransport(handler))
    assert len([*calculator.calc_many([rocksalt] * 6, n_jobs=3)]) == 6
    together.reset()
    assert len([*calculator.calc_many([rocksalt] * 3, n_jobs=-1)]) == 3  # as joblib has it


def test_the_ensembles_of_a_service(remote):
    assert [each.name for each in remote.ensembles().ensembles] == ["made"]


def test_a_service_that_needs_a_key(tmp_path, rocksalt):
    key = "a-key-of-some-length"
    (tmp_path / "keys").write_text(f"user {key}\n")
    with service_process(API_KEYS_FILE=str(tmp_path / "keys")) as service:
        with paraisite.connect(service.url, api_key=key) as calculator:
            assert calculator.calc(rocksalt)["ltc_mean"] == pytest.approx(14.4)
        with paraisite.connect(service.url) as stranger, pytest.raises(Unauthorized):
            stranger.calc(rocksalt)
