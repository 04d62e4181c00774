"""Measurement of how late the event loop is."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from prometheus_client import Histogram

EVERY = 0.1  # s between measurements


@contextlib.asynccontextmanager
async def measuring_lag(lag: Histogram) -> AsyncIterator[None]:
    """Measure the event loop's lag meanwhile, in seconds."""
    task = asyncio.create_task(_measure(lag))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _measure(lag: Histogram) -> None:
    loop = asyncio.get_running_loop()
    while True:
        expected = loop.time() + EVERY
        await asyncio.sleep(EVERY)
        lag.observe(max(0.0, loop.time() - expected))
