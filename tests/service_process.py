"""The service as a real process, and sockets that speak to it as no decent client would."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

READY_WITHIN = 60  # s


class ServiceProcess:
    """A service, on fake ensembles unless `module` says otherwise; `log` has its log."""

    def __init__(self, environment: dict[str, str], module: str = "tests.fake_service") -> None:
        descriptor, path = tempfile.mkstemp(suffix=".log")
        self.log_file = Path(path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", *module.split()],
            env=os.environ | {"HOST": "127.0.0.1", "PORT": "0", "WORKERS": "1"} | environment,
            cwd=Path(__file__).parents[1],
            stdout=subprocess.DEVNULL,
            stderr=descriptor,
        )
        os.close(descriptor)
        self.port = 0

    @property
    def log(self) -> str:
        """What the process has written."""
        return self.log_file.read_text()

    @property
    def url(self) -> str:
        """Address of the service."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self, seconds: float = READY_WITHIN) -> None:
        """Wait until workers answer; the process that answered before gets no more requests."""
        deadline = time.monotonic() + seconds
        self.wait_for_log("Ready;", seconds)
        while self.get("/health/ready").status_code != httpx.codes.OK:
            if time.monotonic() > deadline:
                raise AssertionError(self.log)
            time.sleep(0.02)

    def wait_for_log(self, text: str, seconds: float = READY_WITHIN) -> None:
        """Wait for a line of the log; then the port is known."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"Listening on http://[^:]+:(\d+)", self.log)
            if found and text in self.log:
                self.port = int(found[1])
                return
            time.sleep(0.05)
        raise AssertionError(self.log)

    def get(self, path: str, **options) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=90, **options)

    def post(self, cif: str, **options) -> httpx.Response:
        return httpx.post(f"{self.url}/predict", files={"file": cif}, timeout=90, **options)

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum over all samples of this name that have these labels."""
        families = text_string_to_metric_families(self.get("/metrics").text)
        return sum(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    @property
    def memory(self) -> int:
        """Resident bytes of the processes that serve."""
        return sum(self.memory_of_workers.values())

    @property
    def workers(self) -> list[int]:
        """Processes that serve."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children] or [pid]

    @property
    def memory_of_workers(self) -> dict[int, int]:
        """Resident bytes of each process that serves."""
        return {pid: _resident(pid) for pid in self.workers}

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def exchange(self, request: bytes) -> bytes:
        """Send the bytes; return all that comes back until the connection ends."""
        with self.connect() as connection:
            connection.sendall(request)
            return received(connection)

    def terminate(self, within: float = 20) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _resident(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def received(connection: socket.socket) -> bytes:
    """Return all that comes until the connection ends."""
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


@contextmanager
def service_process(
    module: str = "tests.fake_service", **environment: str
) -> Iterator[ServiceProcess]:
    """Run a service with these settings; it ends with the block."""
    service = ServiceProcess(environment, module)
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.kill()
        service.log_file.unlink(missing_ok=True)
