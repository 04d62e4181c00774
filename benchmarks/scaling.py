"""Rate of a screening on a Ray cluster of this machine against its own worker processes.

A stand-in judges that only burns processor time, the same for each chunk, so that what is measured
is what Ray adds: scheduling, and rows and crystals on their way between processes.
"""

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.screening.outcome import Thresholds
from app.screening.run.chunks import CRYSTALS, Chunk
from app.screening.run.cluster import LOCAL, Cluster
from app.screening.run.judge import Done
from app.screening.run.screen import screen
from app.screening.run.workers import Workers
from app.screening.sources.records import Records
from benchmarks.kills import StandIn
from benchmarks.timing import Spread
from models.structure.checks import StructureLimits

CHUNKS, ROUNDS, WORKERS = 24, 3, 2
BURNT = 1.0  # s of processor time for a chunk; an ensemble takes several


@dataclass(frozen=True)
class Burning(StandIn):
    """Burns processor time."""

    def judge(self, chunk: Chunk) -> Done:
        """Return the rows of a chunk."""
        end = time.process_time() + BURNT
        while time.process_time() < end:
            pass
        return super().judge(chunk)


def measure() -> dict[str, Any]:
    """Return the ratios of the rates, each round in turn, from the first chunk to the last."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "crystals.jsonl")
        rows = (json.dumps({"id": i, "cif": f"{i}"}) + "\n" for i in range(CHUNKS * CRYSTALS))
        path.write_text("".join(rows))
        source = Records(path, StructureLimits())
        ratios = []
        for number in range(ROUNDS):
            with Workers(WORKERS) as workers:
                local = _seconds(source, workers, Path(folder, f"local-{number}.parquet"))
            with Cluster(LOCAL) as cluster:
                ray = _seconds(source, cluster, Path(folder, f"ray-{number}.parquet"))
            ratios.append(local / ray)
    return {"ray_rate_ratio": Spread.of(np.array(ratios)).document()}


def _seconds(source: Records, executor: Workers | Cluster, out: Path) -> float:
    """Return the seconds from the first chunks that are done to the last."""
    judged = screen(source, Burning(Thresholds()), executor, out)
    times = [time.perf_counter() for _ in judged]
    return times[-1] - times[WORKERS - 1]
