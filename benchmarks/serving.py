"""The service in a process of its own, as it is started for users."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN = 120  # s
IDLE_WITHIN = 60  # s; a request may take no longer


@dataclass(frozen=True)
class Server:
    """A running service, the seconds until it was ready, and its process."""

    url: str
    ready_s: float
    pid: int

    def memory_mb(self) -> float:
        """Return the memory of all its processes; what they share counts once."""
        texts = (Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self._processes())
        return sum(int(re.findall(r"^Pss: +(\d+)", text, re.MULTILINE)[0]) for text in texts) / 1024

    def processor_s(self) -> float:
        """Return the processor time of all its processes so far."""
        stats = (Path(f"/proc/{pid}/stat").read_text() for pid in self._processes())
        times = (stat.rpartition(")")[2].split()[11:13] for stat in stats)
        return sum(int(each) for pair in times for each in pair) / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def cache_hits(self) -> float:
        """Return how many lookups of uploads and answers found something so far."""
        return self._metric("paraisite_cache_lookups_total", 'result="hit"')

    def wait_until_idle(self) -> None:
        """Return when no request is in work: wrk leaves behind what it has not read."""
        deadline = time.monotonic() + IDLE_WITHIN
        while self._metric("paraisite_requests_in_flight"):
            if time.monotonic() > deadline:
                raise RuntimeError("The service does not come to rest.")
            time.sleep(0.05)

    def _metric(self, name: str, label: str = "") -> float:
        """Return the sum of a metric's values that have the label."""
        with urllib.request.urlopen(f"{self.url}/metrics") as response:  # noqa: S310 - our own
            lines = response.read().decode().splitlines()
        return sum(
            float(line.rpartition(" ")[2])
            for line in lines
            if line.startswith(name) and label in line
        )


@contextlib.contextmanager
def serving(*options: str, folder: Path = Path()) -> Iterator[Server]:
    """Give a service that is ready, and end it; `folder` has the code that serves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.server", "--port", str(port), *options]
    environment = {**os.environ, "PYTHONPATH": str(folder.resolve())}
    with subprocess.Popen(command, cwd=folder, env=environment) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process)
            yield Server(url, time.perf_counter() - start, process.pid)
        finally:
            process.terminate()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/ready"):  # noqa: S310
            return
        time.sleep(0.05)
    raise RuntimeError("The service did not become ready.")
