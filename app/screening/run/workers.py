"""Who judges: this process, or worker processes that have loaded the ensemble once each."""

import os
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from functools import partial
from multiprocessing import get_context
from typing import Protocol, Self, TypeVar

from app.schemas import EnsembleReference
from app.screening.run.chunks import Chunk
from app.screening.run.judge import Done, Judge
from models.cores import prepare_worker
from models.errors import DataError

T = TypeVar("T")
WAITING = 2  # chunks of each worker that are read ahead


Chunks = Callable[[], Iterable[Chunk]]


class Executor(Protocol):
    """Who judges the chunks of a screening."""

    def identify(self, judge: Judge) -> EnsembleReference:
        """Return which ensemble judges. Raises EnsembleError."""

    def run(self, judge: Judge, chunks: Chunks, done: Collection[str]) -> Iterator[Done]:
        """Yield every chunk once it is done, judged unless its name is in `done`."""


class Here:
    """This process, which judges one chunk after the other."""

    def identify(self, judge: Judge) -> EnsembleReference:
        """Return which ensemble judges. Raises EnsembleError."""
        return judge.identify()

    def run(self, judge: Judge, chunks: Chunks, done: Collection[str]) -> Iterator[Done]:
        """Yield every chunk once it is done, judged unless its name is in `done`."""
        for chunk in chunks():
            yield passed(chunk) if chunk.name in done else judge.judge(chunk)


class Workers:
    """Processes that judge side by side; left early, they end at once."""

    def __init__(self, count: int) -> None:
        self._count = count
        # Numbers do not depend on where they are made: linear algebra in one thread, as on Ray.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        self._pool = ProcessPoolExecutor(count, get_context("spawn"), prepare_worker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for process in list((self._pool._processes or {}).values()):  # noqa: SLF001 - no other
                process.terminate()
        self._pool.shutdown(cancel_futures=kind is not None)

    def identify(self, judge: Judge) -> EnsembleReference:
        """Return which ensemble judges. Raises EnsembleError."""
        return _result(self._submit(judge.identify))

    def _submit(self, call: Callable[[], T]) -> Future[T]:
        """Return the result to come; a call may start a process while there are too few."""
        complete = len(self._pool._processes) == self._count  # noqa: SLF001
        with _kills_told(), nullcontext() if complete else _interrupts_ignored():
            return self._pool.submit(call)

    def run(self, judge: Judge, chunks: Chunks, done: Collection[str]) -> Iterator[Done]:
        """Yield every chunk once it is done, as it comes, judged unless its name is in `done`.

        A few chunks are read ahead, no more. Raises DataError when a worker is killed.
        """
        running: set[Future[Done]] = set()
        for chunk in chunks():
            if chunk.name in done:
                yield passed(chunk)
                continue
            running.add(self._submit(partial(judge.judge, chunk)))
            while len(running) >= WAITING * self._count:
                yield from _finished(running)
        while running:
            yield from _finished(running)


def passed(chunk: Chunk) -> Done:
    """Return a chunk whose rows are there already."""
    return Done(chunk.number, chunk.name)


def _finished(running: set[Future[Done]]) -> Iterator[Done]:
    """Yield what is finished, at least one, and take it out of `running`."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        running.remove(future)
        yield _result(future)


def _result(future: Future[T]) -> T:
    with _kills_told():
        return future.result()


@contextmanager
def _kills_told() -> Iterator[None]:
    """Raise DataError where a worker was killed, which the pool tells at any call."""
    try:
        yield
    except BrokenProcessPool as error:
        raise DataError(
            "A worker process was killed, most likely for want of memory; run the same command "
            "again to go on, with fewer --workers."
        ) from error


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Let processes that are started inherit that Ctrl-C is ignored, from their first moment on."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Ctrl-C reaches the main thread alone
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
