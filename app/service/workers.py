"""Blocking work off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """`concurrency` threads for blocking work."""

    def __init__(self, name: str, concurrency: int) -> None:
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix=name)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `work` returns, run in a thread; not started at all if cancelled in time."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *args, **kwargs))

    def close(self) -> None:
        """Drop what waits; a thread at work ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
