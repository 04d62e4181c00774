"""Calls in several threads, their results in order."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # calls begun for each thread, so that no thread waits for the next item


def in_order(
    call: Callable[[Item], Result], items: Iterable[Item], n_threads: int
) -> Generator[Result, None, None]:
    """Yield what the call returns for each item, in order; items are taken as they are needed.

    Closed early, it does not wait for the calls that are under way, and begins no others.
    """
    begun: deque[Future[Result]] = deque()
    threads = ThreadPoolExecutor(n_threads)
    try:
        for item in items:
            begun.append(threads.submit(call, item))
            if len(begun) >= AHEAD * n_threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
