"""100,000 rows with ten SIGKILLs at random moments against an undisturbed run.

A cheap stand-in judges, so that it is the pipeline that is measured: chunks, processes, parts.
"""

import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from app.schemas import EnsembleReference
from app.screening.probability import Thresholds
from app.screening.run.chunks import Chunk
from app.screening.run.judge import Done
from app.screening.run.screen import screen
from app.screening.run.workers import Workers
from app.screening.sources.records import Records
from app.screening.table.columns import table_of
from app.screening.table.row import make_row
from models.structure.checks import StructureLimits

ROWS, KILLS, WORKERS = 100_000, 10, 2
SHARE = 0.4  # of the undisturbed time within which a run is killed; its start takes part of it


@dataclass(frozen=True)
class StandIn:
    """Rows with numbers made of the text's sha256, in place of an ensemble's."""

    thresholds: Thresholds

    def identify(self) -> EnsembleReference:
        """Return a name and digest of its own."""
        return EnsembleReference(name="stand-in", digest="sha256:none")

    def judge(self, chunk: Chunk) -> Done:
        """Return the rows of a chunk."""
        rows = [
            make_row(
                None,
                index=chunk.first + place,
                material_id=entry.material_id,
                sha256=entry.sha256,
                ltc_mean=int(hashlib.sha256(entry.content).hexdigest()[:8], 16) / 1e6,
                ensemble="stand-in",
                digest="sha256:none",
            )
            for place, entry in enumerate(chunk.entries)
        ]
        return Done(chunk.number, chunk.name, table_of(rows))


def measure() -> dict[str, Any]:
    """Return how many rows were lost or doubled, whether all are the same, and the times in s."""
    with tempfile.TemporaryDirectory() as folder:
        source, whole, out = (Path(folder, name) for name in ("s.jsonl", "w.parquet", "o.parquet"))
        source.write_text("".join(json.dumps({"id": i, "cif": f"{i}"}) + "\n" for i in range(ROWS)))
        start = time.perf_counter()
        subprocess.run(_command(source, whole), check=True)
        seconds = time.perf_counter() - start
        kills = 0
        while kills < KILLS:
            if _killed(_command(source, out), SHARE * seconds):
                kills += 1
            else:  # it was over before: start again
                out.unlink()
                kills = 0
        start = time.perf_counter()
        subprocess.run(_command(source, out), check=True)
        expected, found = pq.read_table(whole), pq.read_table(out)
    indices = found["index"].to_pylist()
    return {
        "rows": ROWS,
        "kills": kills,
        "lost": ROWS - len(set(indices)),
        "doubled": len(indices) - len(set(indices)),
        "same": found.sort_by("index").equals(expected.sort_by("index")),
        "undisturbed_s": seconds,
        "last_s": time.perf_counter() - start,
    }


def _command(source: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.kills", str(source), str(out)]


def _killed(command: list[str], seconds: float) -> bool:
    """Kill a run at a random moment; return whether it was not over by then."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        time.sleep(random.uniform(0, seconds))  # noqa: S311 - no secret
        running = process.poll() is None
        process.kill()
    return running


def main(source: str, out: str) -> None:
    """Screen a file of records by the stand-in."""
    with Workers(WORKERS) as workers:
        records = Records(Path(source), StructureLimits())
        for _ in screen(records, StandIn(Thresholds()), workers, Path(out)):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
