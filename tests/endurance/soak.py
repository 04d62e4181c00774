"""A steady load for a long time, and what the workers' memory does meanwhile."""

import asyncio
import json
import sys
import time

import numpy as np

from tests.endurance.load import Load
from tests.service_process import ServiceProcess

GROWTH = 0.05  # of the memory of each worker, at most, in the second half
EVERY = 60  # s between lines that tell the memory


async def soak(seconds: float, rate: float, module: str, workers: int) -> bool:
    """Return whether memory stayed and every answer was right; print the figures.

    `rate` is in requests a second, `module` what runs the service.
    """
    service = ServiceProcess({"WORKERS": str(workers)}, module=module)
    try:
        await asyncio.to_thread(service.wait_until_ready, 300)
        load = Load(service.url, known=module.endswith("fake_service"))
        watch = asyncio.create_task(_watch(service, seconds))
        await load.run(seconds, clients=8, rate=rate)
        memory = await watch
        late = await asyncio.to_thread(_late, service)
    finally:
        service.kill()
        service.log_file.unlink(missing_ok=True)
    growth = {pid: _growth(of_one) for pid, of_one in memory.items()}
    figures = load.tally.summary() | {"memory": growth, "loop_late_by_100_ms": late}
    print(json.dumps(figures, indent=2))  # noqa: T201
    answered = load.tally.outcomes["200"] == load.tally.total
    kept = len(memory) == workers and all(one["growth"] < GROWTH for one in growth.values())
    return answered and not load.tally.wrong and kept


async def _watch(service: ServiceProcess, seconds: float) -> dict[int, list[int]]:
    """Return the resident bytes of each worker, once a second."""
    start = told = time.monotonic()
    memory: dict[int, list[int]] = {}
    while (now := time.monotonic()) < start + seconds:
        for pid, n_bytes in service.memory_of_workers.items():
            memory.setdefault(pid, []).append(n_bytes)
        if now >= told:
            told += EVERY
            last = {pid: round(of_one[-1] / 1e6, 1) for pid, of_one in memory.items()}
            print(f"{now - start:.0f} s: MB by process {last}", file=sys.stderr)  # noqa: T201
        await asyncio.sleep(1)
    return memory


def _growth(memory: list[int]) -> dict[str, float]:
    """Return the memory in MB at the start, half-way and at the end, and the late growth.

    Each is the median over a tenth of the time.
    """
    width = max(1, len(memory) // 10)
    half = len(memory) // 2
    parts = (memory[:width], memory[half : half + width], memory[-width:])
    start, middle, end = (float(np.median(part)) for part in parts)
    return {
        "start_mb": round(start / 1e6, 1),
        "half_mb": round(middle / 1e6, 1),
        "end_mb": round(end / 1e6, 1),
        "growth": round(end / middle - 1, 4),
    }


def _late(service: ServiceProcess) -> int:
    """Return how often the event loop of a worker was late by 100 ms."""
    on_time = service.metric("paraisite_loop_lag_seconds_bucket", le="0.1")
    return int(service.metric("paraisite_loop_lag_seconds_count") - on_time)
