"""Work in threads that a supervisor watches: what takes too long ends with its worker."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from app.errors import WorkStopped
from app.service.work_register import WorkerSlot
from app.service.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")


class Watched:
    """Runs work on inputs, each known by its identity; those that have ended a worker are refused.

    A thread cannot be ended. So the supervisor ends the worker instead, and refuses the input; here
    the requests that wait for it are told, at the next `look`, while others are answered.
    """

    def __init__(self, slot: WorkerSlot) -> None:
        self._slot = slot
        self._waiting: dict[bytes, list[asyncio.Timeout]] = defaultdict(list)

    async def run(
        self,
        workers: Workers,
        identity: bytes,
        work: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return what `work` returns, run in a thread. Raises WorkStopped."""

        def watched() -> T:
            with self._slot.working_on(identity):
                return work(*args, **kwargs)

        self.check(identity)
        try:
            async with asyncio.timeout(None) as waiting:
                self._waiting[identity].append(waiting)
                try:
                    return await workers.run(watched)
                finally:
                    self._forget(identity, waiting)
        except TimeoutError:
            self.check(identity)
            raise

    def check(self, identity: bytes) -> None:
        """Raise WorkStopped for an input that has ended a worker."""
        if self._slot.refuses(identity):
            raise WorkStopped(
                "This input took more time or memory than the service allows for one crystal, and "
                "was stopped; send a smaller cell, or another form of the file."
            )

    def look(self) -> None:
        """Tell the supervisor that all is well, and those that wait for what it has refused."""
        self._slot.beat()
        for identity in [each for each in self._waiting if self._slot.refuses(each)]:
            for waiting in self._waiting[identity]:
                if not waiting.expired():
                    waiting.reschedule(0)

    def _forget(self, identity: bytes, waiting: asyncio.Timeout) -> None:
        self._waiting[identity].remove(waiting)
        if not self._waiting[identity]:
            del self._waiting[identity]
