"""A steady load for a long time, and what the process's memory does meanwhile."""

import asyncio
import json
import time

import numpy as np

from tests.endurance.load import Load
from tests.service_process import ServiceProcess

GROWTH = 0.05  # of the memory, at most, in the second half


async def soak(seconds: float, rate: float, module: str) -> bool:
    """Return whether memory stayed and every answer was right; print the figures.

    `rate` is in requests a second, `module` what runs the service.
    """
    service = ServiceProcess({}, module=module)
    try:
        await asyncio.to_thread(service.wait_until_ready, 300)
        load = Load(service.url, known=module.endswith("fake_service"))
        watch = asyncio.create_task(_watch(service, seconds))
        await load.run(seconds, clients=8, rate=rate)
        memory = await watch
        late = _late(service)
    finally:
        service.kill()
        service.log_file.unlink(missing_ok=True)
    growth = _growth(memory)
    figures = load.tally.summary() | growth | {"loop_late_by_100_ms": late}
    print(json.dumps(figures, indent=2))  # noqa: T201
    answered = load.tally.outcomes["200"] == load.tally.total
    return answered and not load.tally.wrong and growth["growth"] < GROWTH


async def _watch(service: ServiceProcess, seconds: float) -> list[int]:
    """Return the resident bytes, once a second."""
    end = time.monotonic() + seconds
    memory = []
    while time.monotonic() < end:
        memory.append(service.memory)
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
    text = service.get("/metrics").text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[:1] != "#")
    name = "paraisite_loop_lag_seconds"
    return int(float(values[f"{name}_count"]) - float(values[f'{name}_bucket{{le="0.1"}}']))
