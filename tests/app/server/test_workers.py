"""Several workers on one port: shared out connections, one set of metrics, replacement, the end."""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.server.siblings import joined
from app.settings import Settings
from models.cores import n_cores
from tests.service_process import ServiceProcess, service_process

WITHIN = 20  # s


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceProcess]:
    with service_process(WORKERS="2") as process:
        yield process


def processes(service: ServiceProcess) -> list[int]:
    """Return the workers' processes, in order of their start."""
    found = re.findall(r"Worker \d has process (\d+)", service.log)
    return [int(pid) for pid in found if Path(f"/proc/{pid}").exists()]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def requests_by_worker(service: ServiceProcess, route: str) -> dict[str, float]:
    families = text_string_to_metric_families(service.get("/metrics").text)
    return {
        sample.labels["worker"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "paraisite_requests_total" and sample.labels["route"] == route
    }


def test_connections_are_shared_out_and_counted_at_one_endpoint(service):
    clients = [httpx.Client(base_url=service.url) for _ in range(8)]
    for client in clients:
        for _ in range(2):
            assert client.get("/info").status_code == 200
    assert requests_by_worker(service, "/info") == {"0": 8, "1": 8}
    for client in clients:
        client.close()


def test_a_worker_that_dies_is_replaced(service, rocksalt_cif):
    before = processes(service)
    os.kill(before[0], signal.SIGKILL)
    until(lambda: len(set(processes(service)) - set(before)) == 1)
    assert "ended unexpectedly" in service.log
    assert [service.post(rocksalt_cif).status_code for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("of_all", [True, False])
def test_workers_are_renewed_without_a_lost_request(service, of_all, rocksalt_cif):
    """SIGHUP renews all workers, SIGTERM to one of them that one."""
    before = processes(service)
    assert len(before) == 2
    renewed = before if of_all else before[:1]

    def ask(number: int) -> int:
        time.sleep(0.01)
        code: int = service.post(f"{rocksalt_cif}# {number}\n").status_code
        return code

    with ThreadPoolExecutor(4) as pool:
        asked = pool.map(ask, range(100))
        os.kill(
            service.process.pid if of_all else before[0],
            signal.SIGHUP if of_all else signal.SIGTERM,
        )
        assert set(asked) == {200}
    until(lambda: not set(renewed) & set(processes(service)))
    until(lambda: len(processes(service)) == 2)


@contextmanager
def asked_all_the_time(service: ServiceProcess, cif: str) -> Iterator[list[str]]:
    """Give the growing list of the ensembles that answer, or of the problems."""
    seen: list[str] = []
    done = threading.Event()

    def ask(client: int) -> None:
        number = 0
        while not done.is_set():
            number += 1
            answer = service.post(f"{cif}# {client} {number}\n")
            seen.append(answer.json()["ensemble"]["name"] if answer.is_success else answer.text)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, client) for client in range(4)]
        try:
            yield seen
        finally:
            done.set()
    for each in asked:
        each.result()


@pytest.mark.parametrize(
    ("workers", "engine"), [("1", "compiled"), ("2", "compiled"), ("1", "tensorflow")]
)
def test_a_new_ensemble_is_loaded_without_a_lost_request(tmp_path, rocksalt_cif, workers, engine):
    name = tmp_path / "name"
    name.write_text("first")
    settings = {"WORKERS": workers, "ENGINE": engine, "ENSEMBLE_NAME_FILE": str(name)}
    service = ServiceProcess(settings, module="tests.app.server.ailing_service")
    try:
        service.wait_until_ready()
        with asked_all_the_time(service, rocksalt_cif) as seen:
            until(lambda: len(seen) > 10)
            name.write_text("second")
            service.process.send_signal(signal.SIGHUP)
            until(lambda: set(seen[-20:]) == {"second"})
            name.write_text("")  # damaged: the last one stays
            service.process.send_signal(signal.SIGHUP)
            until(
                lambda: (
                    "The ensembles stay as they are" in service.log or "cannot load" in service.log
                )
            )
            known = len(seen)
            until(lambda: len(seen) > known + 20)
        assert set(seen) == {"first", "second"}
        assert set(seen[known:]) == {"second"}
    finally:
        service.kill()
        service.log_file.unlink(missing_ok=True)


def test_an_ensemble_that_is_put_there_while_another_is_loaded_is_loaded_too(
    tmp_path, rocksalt_cif
):
    name, loading = tmp_path / "name", tmp_path / "loading"
    name.write_text("first")
    settings = {"ENSEMBLE_NAME_FILE": str(name), "LOADING_FILE": str(loading)}
    service = ServiceProcess(settings, module="tests.app.server.ailing_service")
    try:
        service.wait_until_ready()
        loading.touch()
        for following in ("second", "third"):
            name.write_text(following)
            service.process.send_signal(signal.SIGHUP)
            time.sleep(0.5)
        loading.unlink()
        until(lambda: service.post(rocksalt_cif).json()["ensemble"]["name"] == "third")
    finally:
        service.kill()
        service.log_file.unlink(missing_ok=True)


def test_keys_change_under_load_without_a_restart(tmp_path, rocksalt_cif):
    file = tmp_path / "keys"
    file.write_text(f"alice {'a' * 20}\n")

    def status(key: str) -> int:
        headers = {"X-API-Key": key * 20}
        code: int = running.post(rocksalt_cif, headers=headers).status_code
        return code

    with (
        service_process(WORKERS="2", API_KEYS_FILE=str(file)) as running,
        ThreadPoolExecutor(1) as pool,
    ):
        assert (status("a"), status("b")) == (200, 401)
        asked = pool.submit(lambda: [status("a") for _ in range(50)])
        new = tmp_path / "new"
        new.write_text(f"alice {'a' * 20}\nbob {'b' * 20}\n")
        new.replace(file)
        until(lambda: [status("b") for _ in range(4)] == [200] * 4)
        assert set(asked.result()) == {200}
        file.write_text(f"bob {'b' * 20}\n")
        until(lambda: [status("a") for _ in range(4)] == [401] * 4)
        assert status("b") == 200


def test_workers_end_with_their_supervisor():
    with service_process(WORKERS="2") as process:
        workers = processes(process)
        process.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_a_request_in_work_is_finished_at_the_end(rocksalt_cif):
    with service_process(WORKERS="2") as process, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(process.post, rocksalt_cif) for _ in range(8)]
        until(lambda: "POST" in process.log or any(each.done() for each in asked))
        assert process.terminate() == 0
        codes = {each.result().status_code for each in asked if each.exception() is None}
        assert codes == {200}
        assert not processes(process)


def test_metrics_of_workers_are_joined_with_one_head_each():
    text = '# HELP a_total Things.\n# TYPE a_total counter\na_total{kind="x"} 1.0\n'
    lines = joined({"0": text, "1": text.replace("1.0", "5.0")}).decode().splitlines()
    assert lines.count("# TYPE a_total counter") == 1
    assert 'a_total{kind="x",worker="0"} 1.0' in lines
    assert 'a_total{kind="x",worker="1"} 5.0' in lines


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, n_cores()),
        ({"workers": 3}, 3),
        ({"rate_limit": "600/minute"}, 1),
        ({"rate_limit": "600/minute", "redis_url": "redis://cache:6379"}, n_cores()),
        ({"engine": "tensorflow"}, 1),
    ],
)
def test_number_of_workers(given, expected):
    assert Settings(**given).worker_count == expected


def test_workers_end_with_a_supervisor_that_has_not_read_all_it_was_told():
    with service_process(WORKERS="2") as process:
        workers = processes(process)
        os.kill(process.process.pid, signal.SIGSTOP)
        for pid in workers:  # says that it is leaving, which nobody reads
            os.kill(pid, signal.SIGTERM)
        time.sleep(1)
        process.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
