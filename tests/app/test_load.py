"""Many requests at once: single flight, overload, time limits."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import httpx2 as httpx
from fastapi.testclient import TestClient

from tests.app.api.test_predict import code, post
from tests.app.conftest import FakeEnsemble, serving


def in_background(client: TestClient, cif: str, count: int) -> list[Future[httpx.Response]]:
    pool = ThreadPoolExecutor(count)
    futures = [pool.submit(post, client, cif) for _ in range(count)]
    pool.shutdown(wait=False)
    return futures


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def in_flight(client: TestClient) -> float:
    (line,) = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("paraisite_requests_in_flight ")
    ]
    return float(line.split()[1])


def test_identical_requests_in_flight_compute_once(client, ensemble, rocksalt_cif):
    ensemble.gate.clear()
    futures = in_background(client, rocksalt_cif, 8)
    wait_for(lambda: in_flight(client) == 8)
    ensemble.gate.set()
    answers = [future.result().json() for future in futures]
    assert ensemble.calls == [1]
    assert {answer["ltc"]["mean"] for answer in answers} == {answers[0]["ltc"]["mean"]}


def test_overload_is_answered_429_and_passes(ensemble, settings, rocksalt_cif, zincblende_cif):
    tight = settings.model_copy(update={"concurrency": 1, "max_queue": 1})
    with serving(tight, ensemble) as client:
        ensemble.gate.clear()
        futures = in_background(client, rocksalt_cif, 2)
        wait_for(lambda: in_flight(client) == 2)
        refused = post(client, zincblende_cif)
        live = client.get("/health/live")
        ensemble.gate.set()
        assert [future.result().status_code for future in futures] == [200, 200]
        assert post(client, zincblende_cif).status_code == 200
    assert (code(refused), refused.status_code) == ("overloaded", 429)
    assert int(refused.headers["retry-after"]) > 0
    assert live.status_code == 200


def test_a_slow_answer_is_given_up(ensemble, settings, rocksalt_cif):
    ensemble.gate.clear()
    with serving(settings.model_copy(update={"request_timeout": 0.2}), ensemble) as client:
        response = post(client, rocksalt_cif)
        assert (code(response), response.status_code) == ("timeout", 503)
        assert in_flight(client) == 0
        ensemble.gate.set()


def test_the_event_loop_stays_free_while_a_crystal_is_computed(client, ensemble, rocksalt_cif):
    ensemble.gate.clear()
    (future,) = in_background(client, rocksalt_cif, 1)
    wait_for(lambda: ensemble.calls == [1])
    assert client.get("/health/live").status_code == 200
    assert not future.done()
    ensemble.gate.set()
    assert future.result().status_code == 200


def test_apps_share_nothing(settings, rocksalt_cif):
    first, second = FakeEnsemble(), FakeEnsemble()
    with serving(settings, first) as one, serving(settings, second) as other:
        post(one, rocksalt_cif)
        assert post(other, rocksalt_cif).json()["cache"] == "miss"
