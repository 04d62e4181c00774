"""The shipped configuration of the proxy, in a real Caddy before a real service."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service_process import ServiceProcess, service_process

JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
CADDYFILE = Path(__file__).parents[2] / "deploy" / "Caddyfile"


def caddy() -> str:
    beside = Path(sys.executable).with_name("caddy")
    found = str(beside) if beside.exists() else shutil.which("caddy")
    if found is None:
        pytest.skip("Caddy is not installed")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceProcess]:
    with service_process(
        TRUSTED_PROXIES="127.0.0.1", RATE_LIMIT="200/minute", LOG_FORMAT="json"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(service, tmp_path_factory) -> Iterator[httpx.Client]:
    """A client of the proxy, which checks the certificate that Caddy signs for localhost."""
    data = tmp_path_factory.mktemp("caddy")
    port = free_port()
    environment = os.environ | {
        "SITE": f"localhost:{port}",
        "UPSTREAM": f"127.0.0.1:{service.port}",
        "XDG_DATA_HOME": str(data),
        "XDG_CONFIG_HOME": str(data),
        "HOME": str(data),
    }
    # The redirect from plain HTTP would need port 80.
    config = data / "Caddyfile"
    text = CADDYFILE.read_text()
    config.write_text(
        text.replace(
            "admin off", "admin off\n\tauto_https disable_redirects\n\tskip_install_trust", 1
        )
    )
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(
            [caddy(), "run", "--config", str(config), "--adapter", "caddyfile"],
            env=environment,
            stderr=log,
        )
    try:
        root = wait_for(data, "caddy/pki/authorities/local/root.crt", process)
        context = ssl.create_default_context(cafile=str(root))
        with httpx.Client(base_url=f"https://localhost:{port}", verify=context, timeout=20) as it:
            wait_until_answered(it, data)
            yield it
    finally:
        process.terminate()
        process.wait(20)


def wait_for(data: Path, name: str, process: subprocess.Popen[bytes]) -> Path:
    deadline = time.monotonic() + 30
    while not (data / name).exists() or not (data / name).stat().st_size:
        assert process.poll() is None, (data / "log").read_text()
        assert time.monotonic() < deadline, (data / "log").read_text()
        time.sleep(0.05)
    return data / name


def wait_until_answered(client: httpx.Client, data: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            assert client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            assert time.monotonic() < deadline, (data / "log").read_text()
            time.sleep(0.1)
        else:
            return


def test_predictions_come_through_the_proxy(proxy, rocksalt_cif):
    response = proxy.post("/predict", files={"file": rocksalt_cif})
    assert response.status_code == 200
    assert response.json()["material"]["formula"] == "NaCl"
    assert "max-age" in response.headers["strict-transport-security"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["x-request-id"]
    assert "server" not in response.headers


def test_metrics_are_not_seen_from_outside(proxy, service):
    assert proxy.get("/metrics").status_code == 404
    assert service.get("/metrics").status_code == 200


def test_the_service_learns_who_the_client_is(proxy, service):
    proxy.get("/ensembles", headers={"X-Forwarded-For": "203.0.113.9"})  # a lie
    proxy.get("/ensembles", headers={"X-Request-ID": "who-it-was"})
    deadline = time.monotonic() + 5
    while "who-it-was" not in service.log:  # the line comes after the answer
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (line,) = [line for line in service.log.splitlines() if "who-it-was" in line]
    assert '"client": "127.0.0.1"' in line or '"client": "::1"' in line
    assert "203.0.113.9" not in service.log


def test_a_body_that_is_too_large_gets_its_answer_through_the_proxy(proxy):
    for _ in range(3):
        response = proxy.post(
            "/predict", content=b"x" * 1_500_000, headers={"Content-Type": "text/plain"}
        )
        assert response.status_code == 413
        assert response.json()["type"] == "/problems/structure-too-large"


@pytest.mark.parametrize("size", [3_000_000, 16_500_000])
def test_bodies_that_the_service_judges_come_to_it(proxy, size):
    response = proxy.post("/predict/batch", content=json.dumps(["x" * size]), headers=JSON)
    kind = response.json()["type"] if size > 16_000_000 else None
    assert (response.status_code, kind) in {(200, None), (413, "/problems/structure-too-large")}
    text = f"data_x\n#{'x' * size}"
    response = proxy.post("/predict", content=text, headers={"Content-Type": "text/plain"})
    assert response.json()["type"].startswith("/problems/")


def test_a_batch_may_take_longer_than_a_request_and_be_longer(proxy, rocksalt_cif):
    """The lines have 20 MB, and come in 3 s while the first are answered."""
    assert not {"read_body", "write"} & set(CADDYFILE.read_text().split())
    padded = json.dumps({"cif": rocksalt_cif, "padding": "x" * 1_000_000}).encode() + b"\n"

    def lines() -> Iterator[bytes]:
        for number in range(20):
            time.sleep(1.5 * (number in {5, 15}))
            yield padded

    response = proxy.post("/predict/batch", content=lines(), headers=NDJSON)
    assert response.status_code == 200
    answers = [json.loads(line) for line in response.text.splitlines()]
    assert [answer["problem"] for answer in answers] == [None] * 20


def test_heads_that_are_too_large_end_at_the_proxy(proxy, service):
    before = service.metric("paraisite_requests_total")
    assert proxy.get("/", headers={"A": "b" * 30_000}).status_code == 431
    assert service.metric("paraisite_requests_total") == before + 1  # that for the metrics


def test_connections_that_rested_are_used_again_without_a_failure(proxy, service):
    """5 s, uvicorn's own limit, loses a request now and then behind a proxy."""
    for pause in (0.0, 4.9, 5.0, 5.1, 6.0):
        time.sleep(pause)
        assert proxy.get("/health/ready").status_code == 200
