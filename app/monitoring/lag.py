"""Measurement of how late the event loop is."""

import asyncio
from contextlib import AbstractAsyncContextManager

from prometheus_client import Histogram

from app.background import in_background

EVERY = 0.1  # s between measurements


def measuring_lag(lag: Histogram) -> AbstractAsyncContextManager[None]:
    """Measure the event loop's lag meanwhile, in seconds."""
    return in_background(_measure(lag))


async def _measure(lag: Histogram) -> None:
    loop = asyncio.get_running_loop()
    while True:
        expected = loop.time() + EVERY
        await asyncio.sleep(EVERY)
        lag.observe(max(0.0, loop.time() - expected))
