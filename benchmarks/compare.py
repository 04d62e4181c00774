"""The service against that of another commit, in turns on one machine.

`python -m benchmarks compare FOLDER`, where FOLDER is a worktree of the other commit. Processor
time tells more than rates where the machine has other work.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crystals import cif, crystal
from benchmarks.load import repeated, uncached
from benchmarks.serving import Server, serving
from benchmarks.supply import N_ATOMS, Supply
from benchmarks.timing import Spread

TURNS = 4
CLIENTS = (1, 32)


def measure(other: Path) -> dict[str, Any]:
    """Return what each service measures, and the ratios of this to the other."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving() as own,
        serving(folder=other) as others,
    ):
        supply = Supply(Path(folder))
        servers = {"this": own, "other": others}
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in servers}
        for turn in range(TURNS):
            for name, server in servers.items():
                runs[name].append(_turn(server, supply, Path(folder) / f"cached{turn}.cif", turn))
        found: dict[str, Any] = {
            name: {key: Spread.of([run[key] for run in each]).document() for key in each[0]}
            for name, each in runs.items()
        }
        for name, server in servers.items():
            found[name] |= {"ready_s": round(server.ready_s, 2), "mb": round(server.memory_mb())}
    found["commits"] = {"this": _commit(Path()), "other": _commit(other)}
    found["ratio"] = {
        key: Spread.of(
            [a[key] / b[key] for a, b in zip(runs["this"], runs["other"], strict=True)]
        ).document()
        for key in runs["this"][0]
    }
    found["ratio"] |= {
        key: float(f"{found['this'][key] / found['other'][key]:.3g}") for key in ("ready_s", "mb")
    }
    return found


def _commit(folder: Path) -> str:
    command = ["git", "-C", str(folder), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


def _turn(server: Server, supply: Supply, cached: Path, turn: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for clients in CLIENTS:
        before = server.processor_s()
        load = uncached(server, clients, supply)
        spent = 1e3 * (server.processor_s() - before)
        found |= {
            f"rate_{clients}": load["rate"],
            f"p50_ms_{clients}": load["p50_ms"],
            f"p99_ms_{clients}": load["p99_ms"],
            f"processor_ms_{clients}": spent / load["served"],
        }
    cached.write_text(cif(crystal(N_ATOMS, turn)))
    rates = [
        repeated(f"{server.url}{route}", 8, cached)["rate"] for route in ("/predict", "/empty")
    ]
    return found | {"cached_to_empty": float(np.divide(*rates))}
