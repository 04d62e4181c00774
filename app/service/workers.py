"""Blocking work off the event loop, with a bound on how much of it may wait."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from models.errors import Overloaded

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """`concurrency` threads, and places for `max_queue` more requests that wait for one."""

    def __init__(self, name: str, concurrency: int, max_queue: int) -> None:
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix=name)
        self._places = concurrency + max_queue
        self._taken = 0

    @property
    def in_flight(self) -> int:
        """Number of requests that hold a place."""
        return self._taken

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for one request. Raises Overloaded when all are taken."""
        if self._taken >= self._places:
            raise Overloaded(
                f"{self._taken} requests are in work or waiting, which is the limit; "
                "try again in a moment."
            )
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `work` returns, run in a thread; not started at all if cancelled in time."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *args, **kwargs))

    def close(self) -> None:
        """Drop what waits; a thread at work ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
