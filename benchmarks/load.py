"""A load on the service by wrk: one crystal again and again, or crystals never sent before."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.serving import Server
from benchmarks.supply import Supply

SCRIPT = Path(__file__).parent / "load.lua"
SECONDS = 4  # of each load
TIMEOUT = 20  # s; wrk counts a later answer as lost
FASTEST = 400  # uncached requests/s that crystals are kept ready for


def repeated(url: str, clients: int, path: Path, method: str = "POST") -> dict[str, Any]:
    """Return rate and latencies of the same request again and again."""
    return _wrk(url, clients, CIF=str(path), METHOD=method)


def uncached(server: Server, clients: int, supply: Supply) -> dict[str, Any]:
    """Return rate and latencies of predictions for crystals that were never sent.

    Raises RuntimeError if there were too few, or if the cache answered any of them.
    """
    stock = FASTEST * SECONDS
    supply.stock(stock)
    hits = server.cache_hits()
    found = _wrk(
        f"{server.url}/predict", clients, FOLDER=str(supply.folder), FIRST=str(supply.first)
    )
    if found["next"] > supply.first + stock:
        raise RuntimeError(f"More than {stock} crystals were asked for: make FASTEST larger.")
    supply.first = found.pop("next")
    server.wait_until_idle()
    if server.cache_hits() > hits:
        raise RuntimeError("A load of crystals never sent before was answered from the cache.")
    return found


def _wrk(url: str, clients: int, **settings: str) -> dict[str, Any]:
    """Return what wrk found. Raises RuntimeError if a request was refused or lost.

    A rate with refusals is not that of so many clients, nor are its latencies.
    """
    command = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--timeout", f"{TIMEOUT}s"]
    command += ["-s", str(SCRIPT), url]
    environment = {**os.environ, **settings}
    done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if answer["refused"] or answer["lost"]:
        raise RuntimeError(f"Of {clients} clients at {url} not all were served: {answer}")
    return answer
