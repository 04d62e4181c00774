"""The service under load: cached, uncached, with and without batching, and start-up."""

import concurrent.futures
import json
import shutil
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crystals import cif, crystal, crystals
from benchmarks.load import repeated, uncached
from benchmarks.serving import Server, serving
from benchmarks.supply import N_ATOMS, Supply
from benchmarks.timing import Spread

TURNS = 3
CLIENTS = (1, 2, 4, 8, 16, 32, 64)  # 64 may wait for their turn: none of these is refused
SAME = 64  # crystals asked for one by one, then all at once
TOLERANCE = 1e-5  # relative


def measure() -> dict[str, Any]:
    """Return rates in requests/s and latencies in ms."""
    if shutil.which("wrk") is None:
        raise SystemExit("This needs the load generator wrk; on Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        supply = Supply(Path(folder))
        with serving() as batched, serving("--alone") as alone:
            found: dict[str, Any] = {"ready_s": round(batched.ready_s, 2)}
            found |= _equal_answers(batched)
            found |= _against_empty(batched, Path(folder) / "cached.cif")
            found["curve"] = {str(n): uncached(batched, n, supply) for n in CLIENTS}
            found |= _batching(batched, alone, supply)
            found["memory_mb"] = round(batched.memory_mb())
    return found


def _against_empty(server: Server, path: Path) -> dict[str, Any]:
    """Return the rate of a cached answer against an empty route, for an equal body."""
    path.write_text(cif(crystal(N_ATOMS, 7)))
    rates: dict[str, list[float]] = {"cached": [], "empty": [], "empty_get": []}
    for _ in range(TURNS):
        for name, route, method in (
            ("cached", "/predict", "POST"),
            ("empty", "/empty", "POST"),
            ("empty_get", "/empty", "GET"),
        ):
            rates[name].append(repeated(f"{server.url}{route}", 8, path, method)["rate"])
    cached = np.array(rates["cached"])
    return {
        "cached_rate": Spread.of(cached).document(),
        "cached_to_empty_post": Spread.of(cached / np.array(rates["empty"])).document(),
        "cached_to_empty_get": Spread.of(cached / np.array(rates["empty_get"])).document(),
    }


def _batching(batched: Server, alone: Server, supply: Supply) -> dict[str, Any]:
    runs: dict[str, list[dict[str, Any]]] = {"batched": [], "alone": [], "one_client": []}
    for _ in range(TURNS):
        runs["batched"].append(uncached(batched, 32, supply))
        runs["alone"].append(uncached(alone, 32, supply))
        runs["one_client"].append(uncached(batched, 1, supply))
    rates = {name: np.array([run["rate"] for run in each]) for name, each in runs.items()}
    return {
        "rate_32_clients": Spread.of(rates["batched"]).document(),
        "p99_ms_32_clients": Spread.of([run["p99_ms"] for run in runs["batched"]]).document(),
        "rate_32_clients_unbatched": Spread.of(rates["alone"]).document(),
        "batching_ratio": Spread.of(rates["batched"] / rates["alone"]).document(),
        "p50_ms_1_client": Spread.of([run["p50_ms"] for run in runs["one_client"]]).document(),
    }


def _equal_answers(server: Server) -> dict[str, Any]:
    """Ask for crystals all at once, and one by one of a fresh service, which has none cached."""
    texts = [cif(structure) for structure in crystals(SAME, N_ATOMS)]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        together = list(pool.map(lambda text: _members(server, text), texts))
    with serving() as fresh:
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
