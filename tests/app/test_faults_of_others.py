"""The Materials Project slow, down or lying: what the service still answers."""

import threading
import time

import pytest

from app.settings import Settings
from tests.app.api.test_predict import code, post
from tests.app.conftest import serving
from tests.redis_server import RedisServer

KNOWN, OTHER = "mp-22862", "mp-9127"


def drip(behaviour):
    behaviour.drip = 0.05


def fail(behaviour):
    behaviour.failures = 1000


def lie(behaviour):
    behaviour.body = b"null"


def hang(behaviour):
    behaviour.silent.set()


@pytest.mark.parametrize("break_it", [drip, fail, lie, hang])
def test_known_ids_and_uploads_are_answered_while_the_materials_project_is_not_right(
    materials_project, ensemble, rocksalt_cif, break_it
):
    settings = Settings(
        mp_api_key="k" * 32, mp_api_endpoint=materials_project.endpoint, mp_timeout=1.0
    )
    with serving(settings, ensemble) as client:
        assert client.get(f"/predict/{KNOWN}").status_code == 200
        break_it(materials_project.behaviour)
        start = time.monotonic()
        refused = []
        threads = [
            threading.Thread(target=lambda: refused.append(client.get(f"/predict/{OTHER}")))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        assert client.get(f"/predict/{KNOWN}").status_code == 200
        assert post(client, rocksalt_cif).status_code == 200
        assert time.monotonic() - start < 1.0  # nobody waited for the Materials Project
        for thread in threads:
            thread.join()
    assert {(code(r), r.status_code) for r in refused} == {("materials-project-unavailable", 503)}
    assert time.monotonic() - start < 6


def test_breakers_are_seen_in_the_metrics(materials_project, ensemble, tmp_path):
    redis_server = RedisServer(tmp_path)
    redis_server.start()
    settings = Settings(
        mp_api_key="k" * 32,
        mp_api_endpoint=materials_project.endpoint,
        mp_timeout=1.0,
        redis_url=redis_server.url,
    )

    def breakers(client):
        lines = client.get("/metrics").text.splitlines()
        return sorted(line for line in lines if line.startswith("paraisite_breaker_open{"))

    with serving(settings, ensemble) as client:
        assert breakers(client) == [
            'paraisite_breaker_open{service="materials-project"} 0.0',
            'paraisite_breaker_open{service="redis"} 0.0',
        ]
        lie(materials_project.behaviour)
        redis_server.stop()
        for _ in range(3):
            client.get(f"/predict/{OTHER}")
        assert breakers(client) == [
            'paraisite_breaker_open{service="materials-project"} 1.0',
            'paraisite_breaker_open{service="redis"} 1.0',
        ]
        assert (
            'paraisite_problems_total{type="materials-project-unavailable"} 3.0'
            in client.get("/metrics").text
        )


def test_known_ids_are_answered_with_the_materials_project_and_redis_both_away(
    materials_project, ensemble, tmp_path
):
    redis_server = RedisServer(tmp_path)
    redis_server.start()
    settings = Settings(
        mp_api_key="k" * 32,
        mp_api_endpoint=materials_project.endpoint,
        mp_timeout=1.0,
        redis_url=redis_server.url,
    )
    with serving(settings, ensemble) as client:
        assert client.get(f"/predict/{KNOWN}").status_code == 200
        lie(materials_project.behaviour)
        redis_server.stop()
        assert client.get(f"/predict/{KNOWN}").status_code == 200
