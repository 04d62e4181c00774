"""The service under load, by wrk: cached, uncached, with and without batching, and start-up."""

import concurrent.futures
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crystals import cif, crystal, crystals
from benchmarks.timing import Spread

SCRIPT = Path(__file__).parent / "load.lua"
N_ATOMS = 10
SECONDS = 4  # of each load
TURNS = 3
CLIENTS = (1, 2, 4, 8, 16, 32, 64)
SAME = 64  # crystals asked for one by one, then all at once
TOLERANCE = 1e-5  # relative
READY_WITHIN = 120  # s


@dataclass(frozen=True)
class Server:
    """A running service, the seconds until it was ready, and its process."""

    url: str
    ready_s: float
    pid: int

    def memory_mb(self) -> float:
        """Return the resident memory of the process."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


def measure() -> dict[str, Any]:
    """Return rates in requests/s and latencies in ms."""
    if shutil.which("wrk") is None:
        raise SystemExit("This needs the load generator wrk; on Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "crystal.cif"
        path.write_text(cif(crystal(N_ATOMS, 7)))
        with _serving() as batched, _serving("--alone") as alone:
            found: dict[str, Any] = {"ready_s": round(batched.ready_s, 2)}
            found |= _equal_answers(batched)
            found |= _against_empty(batched, path)
            found["curve"] = {
                str(n): _uncached(batched, path, n, turn) for turn, n in enumerate(CLIENTS)
            }
            found |= _batching(batched, alone, path)
            found["memory_mb"] = round(batched.memory_mb())
    return found


@contextlib.contextmanager
def _serving(*options: str) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.server", "--port", str(port), *options]
    with subprocess.Popen(command) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process)
            yield Server(url, time.perf_counter() - start, process.pid)
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health/ready"):  # noqa: S310
            return
        time.sleep(0.05)
    raise RuntimeError("The service did not become ready.")


def _wrk(url: str, clients: int, settings: Mapping[str, str]) -> dict[str, Any]:
    command = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "-s", str(SCRIPT), url]
    environment = {**os.environ, **settings}
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _uncached(server: Server, path: Path, clients: int, turn: int) -> dict[str, Any]:
    """Load the service with crystals that no earlier turn sent (a cell length apart each)."""
    settings = {"CIF": str(path), "VARY": "1", "FIRST": str(100_000 * turn + 1)}
    # Another crystal each turn: the cell lengths of one are used up by then.
    path.write_text(cif(crystal(N_ATOMS, 1000 + turn)))
    return _wrk(f"{server.url}/predict", clients, settings)


def _against_empty(server: Server, path: Path) -> dict[str, Any]:
    """Return the rate of a cached answer against an empty route, for an equal body."""
    rates: dict[str, list[float]] = {"cached": [], "empty": [], "empty_get": []}
    for _ in range(TURNS):
        for name, route, method in (
            ("cached", "/predict", "POST"),
            ("empty", "/empty", "POST"),
            ("empty_get", "/empty", "GET"),
        ):
            settings = {"CIF": str(path), "METHOD": method}
            rates[name].append(_wrk(f"{server.url}{route}", 8, settings)["rate"])
    cached = np.array(rates["cached"])
    return {
        "cached_rate": Spread.of(cached).document(),
        "cached_to_empty_post": Spread.of(cached / np.array(rates["empty"])).document(),
        "cached_to_empty_get": Spread.of(cached / np.array(rates["empty_get"])).document(),
    }


def _batching(batched: Server, alone: Server, path: Path) -> dict[str, Any]:
    runs: dict[str, list[dict[str, Any]]] = {"batched": [], "alone": [], "one_client": []}
    for turn in range(TURNS):
        first = 100 + 10 * turn
        runs["batched"].append(_uncached(batched, path, 32, first))
        runs["alone"].append(_uncached(alone, path, 32, first))
        runs["one_client"].append(_uncached(batched, path, 1, first + 1))
    rates = {name: np.array([run["rate"] for run in each]) for name, each in runs.items()}
    return {
        "rate_32_clients": Spread.of(rates["batched"]).document(),
        "p99_ms_32_clients": Spread.of([run["p99_ms"] for run in runs["batched"]]).document(),
        "rate_32_clients_unbatched": Spread.of(rates["alone"]).document(),
        "batching_ratio": Spread.of(rates["batched"] / rates["alone"]).document(),
        "p50_ms_1_client": Spread.of([run["p50_ms"] for run in runs["one_client"]]).document(),
        "refused_or_lost": sum(r["refused"] + r["lost"] for each in runs.values() for r in each),
    }


def _equal_answers(server: Server) -> dict[str, Any]:
    """Ask for crystals all at once, and one by one of a fresh service, which has none cached."""
    texts = [cif(structure) for structure in crystals(SAME, N_ATOMS)]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        together = list(pool.map(lambda text: _members(server, text), texts))
    with _serving() as fresh:
        single = [_members(fresh, text) for text in texts]
    equal = sum(
        np.allclose(a, b, rtol=TOLERANCE, atol=0) for a, b in zip(together, single, strict=True)
    )
    largest = max(
        float(np.max(np.abs(np.array(a) / np.array(b) - 1)))
        for a, b in zip(together, single, strict=True)
    )
    return {"equal_answers": f"{equal} of {SAME}", "largest_relative_difference": largest}


def _members(server: Server, text: str) -> list[float]:
    request = urllib.request.Request(  # noqa: S310 - our own server
        f"{server.url}/predict", text.encode(), {"Content-Type": "text/plain"}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310
        answer = json.load(response)
    members: list[float] = answer["ltc"]["members"]
    return members
