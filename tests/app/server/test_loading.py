"""A service that is asked while it loads its ensembles."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.api.middleware.keys import KeysUnusable
from app.server.serve import Source, serve
from app.settings import Settings
from tests.app.conftest import FakeEnsemble
from tests.app.server.ailing_service import MEBIBYTE
from tests.app.server.test_workers import asked_all_the_time, until
from tests.service_process import ServiceProcess

MODULE = "tests.app.server.ailing_service"


@contextmanager
def loading(file: Path, **settings: str) -> Iterator[ServiceProcess]:
    """Give a service that answers already, and loads as long as the file exists."""
    file.touch()
    service = ServiceProcess({"LOADING_FILE": str(file)} | settings, MODULE)
    try:
        service.wait_for_log("Application startup complete")
        yield service
    finally:
        service.kill()
        service.log_file.unlink(missing_ok=True)


def problem(response: httpx.Response) -> tuple[int, str, bool]:
    kind = response.json()["type"].removeprefix("/problems/")
    return response.status_code, kind, "retry-after" in response.headers


@pytest.mark.parametrize("engine", ["compiled", "tensorflow"])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_is_live_and_not_ready(tmp_path, rocksalt_cif, workers, engine):
    file = tmp_path / "loading"
    with loading(file, WORKERS=workers, ENGINE=engine) as service:
        assert service.get("/health/live").json() == {"status": "live"}
        assert problem(service.get("/health/ready")) == (503, "not-ready", True)
        assert problem(service.post(rocksalt_cif)) == (503, "not-ready", True)
        first = service.workers[0]  # those of TensorFlow load by themselves
        file.unlink()
        service.wait_until_ready()
        until(lambda: first not in service.workers and len(service.workers) == int(workers))
        assert service.get("/health/ready").json() == {"status": "ready"}
        assert service.post(rocksalt_cif).status_code == 200


def test_no_request_is_lost_when_the_workers_take_over(tmp_path, rocksalt_cif):
    file = tmp_path / "loading"
    with loading(file, WORKERS="2") as service:
        with asked_all_the_time(service, rocksalt_cif) as seen:
            until(lambda: len(seen) > 10)
            file.unlink()
            until(lambda: seen[-20:] == ["mix-stage3"] * 20)
        assert "not-ready" in seen[0]
        assert all("not-ready" in each for each in seen[: seen.index("mix-stage3")])
        assert set(seen[-20:]) == {"mix-stage3"}


@pytest.mark.parametrize("engine", ["compiled", "tensorflow"])
def test_it_ends_when_nothing_can_be_loaded(tmp_path, engine):
    file, name = tmp_path / "loading", tmp_path / "name"
    name.touch()
    with loading(file, ENSEMBLE_NAME_FILE=str(name), ENGINE=engine) as service:
        file.unlink()
        assert service.process.wait(20) == 1
        assert "Cannot serve: It is empty." in service.log
        assert "Traceback" not in service.log


def test_it_ends_when_the_ensembles_alone_are_more_than_a_worker_may_hold(caplog):
    settings = Settings(worker_memory=256 * MEBIBYTE)
    held = b"x" * settings.worker_memory
    assert not Source(settings, lambda _settings: [FakeEnsemble("mix-stage3")]).load_again()
    assert len(held) == settings.worker_memory
    assert "WORKER_MEMORY; raise it" in caplog.text


@pytest.mark.parametrize("content", [None, "", "# none\n", "me short\n"])
def test_keys_that_cannot_be_used_end_the_start(tmp_path, content):
    file = tmp_path / "keys"
    if content is not None:
        file.write_text(content)
    with pytest.raises(KeysUnusable, match="API_KEYS_FILE"):
        serve(Settings(api_keys_file=file, port=0), load=lambda _settings: ())


def test_it_can_be_stopped(tmp_path, rocksalt_cif):
    with loading(tmp_path / "loading") as service, ThreadPoolExecutor(1) as pool:
        assert pool.submit(service.post, rocksalt_cif).result().status_code == 503
        assert service.terminate(10) == 0
