"""From CIF bytes to nine answers, in bulk, against nine `predict_structure` calls of others.

Ours takes a process for each core, as a screening does; the others share their own work out.
"""

import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.crystals import cif, crystals
from benchmarks.ensemble import RandomEnsemble
from benchmarks.timing import Spread, seconds
from models.cores import n_cores
from models.crystal.crystal import Crystal
from models.structure.read import parse_structure

COUNT, N_ATOMS = 256, 10
PART = 32  # crystals that a process reads and computes at a time
REFERENCE_COUNT = 12  # crystals that the others are timed on, after one to warm up
ROUNDS = 7
TURNS = 2  # of each reference, in turn with ours
MATGL = Path(os.environ.get("MATGL_ENVIRONMENT", ".venv-matgl"))
MATGL_PACKAGES = ("torch==2.13.0", "matgl")
LIMIT = 240  # s


def measure() -> dict[str, Any]:
    """Return milliseconds a crystal of each, and how many times faster ours is."""
    texts = [cif(structure) for structure in crystals(COUNT, N_ATOMS)]
    parts = [texts[first : first + PART] for first in range(0, COUNT, PART)]
    found: dict[str, Any] = {"processes": n_cores()}
    own: list[float] = []
    others: dict[str, list[float]] = {"megnet": [], "matgl": []}
    with ProcessPoolExecutor(n_cores(), get_context("spawn"), _take_core, (_cores(),)) as pool:

        def ours() -> None:
            assert len(list(pool.map(_answers, parts))) == len(parts)

        for _ in range(TURNS):
            own += (seconds({"ours": ours}, ROUNDS)["ours"] / COUNT).tolist()
            for name in others:
                try:
                    python = sys.executable if name == "megnet" else _matgl_python()
                    others[name] += _reference(python, name, texts[: REFERENCE_COUNT + 1])
                except (subprocess.SubprocessError, ValueError, OSError) as error:
                    found[f"{name} failed"] = _last_line(error)
    found["ours_ms"] = Spread.of(1e3 * np.array(own)).document()
    for name, times in others.items():
        if times:
            found[f"{name}_ms"] = Spread.of(1e3 * np.array(times)).document()
            found[f"{name}_ratio"] = Spread.of(np.array(times) / np.median(own)).document()
    return found


def _cores() -> Any:
    """Return a queue of the cores, one for each process."""
    queue = get_context("spawn").SimpleQueue()
    for core in sorted(os.sched_getaffinity(0)):
        queue.put(core)
    return queue


def _take_core(cores: Any) -> None:
    """Keep this process to a core of its own, where it is to compute in one thread."""
    os.sched_setaffinity(0, {cores.get()})


@cache
def _ensemble() -> RandomEnsemble:
    return RandomEnsemble()


def _answers(texts: Sequence[str]) -> list[list[float]]:
    """Return the LTC [n_crystals, n_members] of crystals."""
    answers: list[list[float]] = (
        _ensemble().ltc([Crystal.of(parse_structure(t)) for t in texts]).tolist()
    )
    return answers


def _reference(python: str, name: str, texts: list[str]) -> list[float]:
    done = subprocess.run(
        [python, "-m", f"benchmarks.{name}_reference"],
        input=json.dumps(texts),
        capture_output=True,
        check=True,
        text=True,
        timeout=LIMIT,
    )
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def _matgl_python() -> str:
    """Return the interpreter of matgl's own environment, made at the first call.

    Raises ValueError where MATGL_ENVIRONMENT is empty: matgl is not wanted.
    """
    if not os.environ.get("MATGL_ENVIRONMENT", MATGL.name):
        raise ValueError("matgl is not wanted")
    python = MATGL / "bin" / "python"
    if not python.exists():
        venv.create(MATGL, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *MATGL_PACKAGES], check=True)
    return str(python)


def _last_line(error: Exception) -> str:
    output = getattr(error, "stderr", None) or str(error)
    return output.strip().splitlines()[-1][:300]
