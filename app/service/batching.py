"""Crystals of several requests in one forward pass."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from models.crystal.graph import CrystalGraph
from models.network.batch import MAX_BONDS
from models.prediction.judgement import Judgement

Judge = Callable[[Sequence[CrystalGraph], Sequence[str]], Awaitable[Sequence[Judgement]]]


@dataclass(frozen=True)
class _Waiting:
    graph: CrystalGraph
    fingerprint: str
    answer: asyncio.Future[Judgement]


class ForwardQueue:
    """Crystals that wait for one ensemble, computed in batches, `parallel` of them side by side.

    A crystal that finds the ensemble idle starts at once; those that come during forward passes
    share the next ones, evenly, each of at most `max_bonds` bonds. So nobody waits for a batch to
    fill, and who comes first is in the first.
    """

    def __init__(self, judge: Judge, parallel: int = 1, max_bonds: int = MAX_BONDS) -> None:
        self._judge = judge
        self._parallel = parallel
        self._max_bonds = max_bonds
        self._waiting: deque[_Waiting] = deque()
        self._work: set[asyncio.Task[None]] = set()
        self._computing = 0

    async def judge(self, graph: CrystalGraph, fingerprint: str) -> Judgement:
        """Return what the ensemble says of this crystal.

        A crystal whose caller is cancelled before its batch starts is not computed.
        """
        entry = _Waiting(graph, fingerprint, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        self._work = {task for task in self._work if not task.done()}
        if len(self._work) < self._parallel:
            self._work.add(asyncio.create_task(self._answer_all()))
        return await entry.answer

    async def _answer_all(self) -> None:
        while batch := self._next_batch():
            self._computing += 1
            try:
                await self._answer(batch)
            finally:
                self._computing -= 1

    def _next_batch(self) -> list[_Waiting]:
        self._forget_who_left()
        share = self._share()
        batch: list[_Waiting] = []
        n_bonds = 0
        while self._waiting and (not batch or n_bonds < share):
            n_bonds += self._waiting[0].graph.n_bonds
            if batch and n_bonds > self._max_bonds:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _forget_who_left(self) -> None:
        self._waiting = deque(entry for entry in self._waiting if not entry.answer.done())

    def _share(self) -> float:
        """Return the bonds of a batch when all that waits is shared out evenly over the fewest.

        A full batch and a small rest would keep those in the rest waiting longer for no gain; and
        what could be computed side by side should be.
        """
        n_bonds = sum(entry.graph.n_bonds for entry in self._waiting)
        free = self._parallel - self._computing
        return n_bonds / max(1, free, math.ceil(n_bonds / self._max_bonds))

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        try:
            graphs = [entry.graph for entry in batch]
            judgements = await self._judge(graphs, [entry.fingerprint for entry in batch])
            rows = list(zip(batch, judgements, strict=True))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the waiting callers'
            await self._fail(batch, error)
            return
        for entry, judgement in rows:
            if not entry.answer.done():
                entry.answer.set_result(judgement)

    async def _fail(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """Try the crystals of a batch one by one, so that one cannot spoil the others' answers."""
        if len(batch) > 1:
            for entry in batch:
                await self._answer([entry])
        elif not batch[0].answer.done():
            batch[0].answer.set_exception(error)
