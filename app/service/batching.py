"""Crystals of several requests in one forward pass."""

import asyncio
import math
import time
from bisect import insort
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from models.crystal.crystal import Crystal
from models.network.batch import MAX_BONDS
from models.prediction.result import Prediction

Predict = Callable[[Sequence[Crystal]], Awaitable[Sequence[Prediction]]]


PACE = 10_000  # bonds/s; a crystal gives way to those of which so much less is to be computed


@dataclass(frozen=True)
class _Waiting:
    crystal: Crystal
    answer: asyncio.Future[Prediction]
    due: float

    @property
    def n_bonds(self) -> int:
        return self.crystal.graph.n_bonds


class ForwardQueue:
    """Crystals that wait for one ensemble, computed in batches, `parallel` of them side by side.

    A crystal that finds the ensemble idle starts at once; those that come during forward passes
    share the next ones, evenly, each of at most `max_bonds` bonds. So nobody waits for a batch to
    fill. A crystal is due when it came, and later by its bonds over the `pace`; who is due first is
    in the first batch: small crystals do not wait for large ones, and large ones not for ever.
    """

    def __init__(
        self,
        predict: Predict,
        parallel: int = 1,
        max_bonds: int = MAX_BONDS,
        pace: float = PACE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._predict = predict
        self._parallel = parallel
        self._max_bonds = max_bonds
        self._pace = pace
        self._clock = clock
        self._waiting: list[_Waiting] = []  # who is due first is first
        self._work: set[asyncio.Task[None]] = set()
        self._computing = 0

    async def predict(self, crystal: Crystal) -> Prediction:
        """Return the ensemble's prediction for this crystal.

        A crystal whose caller is cancelled before its batch starts is not computed.
        """
        due = self._clock() + crystal.graph.n_bonds / self._pace
        entry = _Waiting(crystal, asyncio.get_running_loop().create_future(), due)
        insort(self._waiting, entry, key=lambda each: each.due)
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
            n_bonds += self._waiting[0].n_bonds
            if batch and n_bonds > self._max_bonds:
                break
            batch.append(self._waiting.pop(0))
        return batch

    def _forget_who_left(self) -> None:
        self._waiting = [entry for entry in self._waiting if not entry.answer.done()]

    def _share(self) -> float:
        """Return the bonds of a batch when all that waits is shared out evenly over the fewest.

        A full batch and a small rest would keep those in the rest waiting longer for no gain; and
        what could be computed side by side should be.
        """
        n_bonds = sum(entry.n_bonds for entry in self._waiting)
        free = self._parallel - self._computing
        return n_bonds / max(1, free, math.ceil(n_bonds / self._max_bonds))

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        try:
            predictions = await self._predict([entry.crystal for entry in batch])
            rows = list(zip(batch, predictions, strict=True))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the waiting callers'
            await self._fail(batch, error)
            return
        for entry, prediction in rows:
            if not entry.answer.done():
                entry.answer.set_result(prediction)

    async def _fail(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """Try the crystals of a batch one by one, so that one cannot spoil the others' answers."""
        if len(batch) > 1:
            for entry in batch:
                await self._answer([entry])
        elif not batch[0].answer.done():
            batch[0].answer.set_exception(error)
