"""Calls in several threads, their results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # calls begun for each thread, so that no thread waits for the next item


def in_order(
    call: Callable[[Item], Result], items: Iterable[Item], n_threads: int
) -> Iterator[Result]:
    """Yield what the call returns for each item, in order; items are taken as they are needed."""
    begun: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(n_threads) as threads:
        for item in items:
            begun.append(threads.submit(call, item))
            if len(begun) >= AHEAD * n_threads:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
