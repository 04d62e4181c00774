"""Rate of a screening on a Ray cluster of this machine against its own worker processes.

A stand-in judges that only burns processor time, the same for each chunk, so that what is measured
is what Ray adds: scheduling, and rows and crystals on their way between processes.
`python -m benchmarks.scaling CRYSTALS.jsonl` measures the same with the default ensemble.
"""

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from app.screening.command import Loader
from app.screening.probability import Thresholds
from app.screening.run.chunks import CRYSTALS, Chunk
from app.screening.run.cluster import LOCAL, Cluster
from app.screening.run.judge import Done, EnsembleJudge, Judge
from app.screening.run.screen import screen
from app.screening.run.workers import Workers
from app.screening.sources.records import Records
from app.service.ensembles import default_name, ensemble_names, load_ensemble
from app.settings import Settings
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
        return _compared(Records(path, StructureLimits()), Burning(Thresholds()))


def measure_ensemble(path: Path) -> dict[str, Any]:
    """Return the same for the crystals of a file, judged by the default ensemble."""
    settings = Settings()
    name = default_name(ensemble_names(settings), settings)
    judge = EnsembleJudge(Loader(load_ensemble, name, settings), Thresholds())
    source = Records(path, settings.structure_limits)
    return {"crystals": source.count(), "ensemble": name, **_compared(source, judge)}


def _compared(source: Records, judge: Judge) -> dict[str, Any]:
    ratios, same = [], True
    with tempfile.TemporaryDirectory() as folder:
        local, ray = Path(folder, "local.parquet"), Path(folder, "ray.parquet")
        for _ in range(ROUNDS):
            with Workers(WORKERS) as workers:
                seconds = _seconds(source, judge, workers, local)
            with Cluster(LOCAL) as cluster:
                ratios.append(seconds / _seconds(source, judge, cluster, ray))
            same &= pq.read_table(local).equals(pq.read_table(ray))
            local.unlink()
            ray.unlink()
    return {"ray_rate_ratio": Spread.of(np.array(ratios)).document(), "same_rows": same}


def _seconds(source: Records, judge: Judge, executor: Workers | Cluster, out: Path) -> float:
    """Return the seconds from the first chunks that are done to the last."""
    times = [time.perf_counter() for _ in screen(source, judge, executor, out)]
    return times[-1] - times[WORKERS - 1]


if __name__ == "__main__":
    print(json.dumps(measure_ensemble(Path(sys.argv[1])), indent=1))
