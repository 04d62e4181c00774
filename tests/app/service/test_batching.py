"""Crystals of several requests in one forward pass."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from app.service.batching import ForwardQueue
from models.crystal.crystal import Crystal
from models.prediction.result import Prediction
from models.prediction.statistics import summarise
from tests.crystals import generated_crystals

CRYSTALS = [Crystal.of(crystal) for crystal in generated_crystals(12, seed=4)]


def answer_of(crystal: Crystal) -> float:
    return float(crystal.graph.distance.sum())


def prediction_of(crystal: Crystal) -> Prediction:
    return Prediction(ltc=summarise(np.full((1, 9), answer_of(crystal)))[0])


class Forward:
    """Notes what it is asked, and waits for its gate."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.batches: list[list[Crystal]] = []
        self.spoilt: Crystal | None = None

    async def __call__(self, crystals: Sequence[Crystal]) -> list[Prediction]:
        self.batches.append(list(crystals))
        await self.gate.wait()
        if any(crystal is self.spoilt for crystal in crystals):
            raise ArithmeticError("spoilt")
        return [prediction_of(crystal) for crystal in crystals]


async def waiting(
    queue: ForwardQueue, crystals: Sequence[Crystal]
) -> list[asyncio.Task[Prediction]]:
    tasks = [asyncio.create_task(queue.predict(crystal)) for crystal in crystals]
    await asyncio.sleep(0.01)
    return tasks


def test_the_first_starts_at_once_and_the_others_share_the_next_pass():
    async def scenario() -> tuple[list[int], list[Prediction]]:
        forward = Forward()
        queue = ForwardQueue(forward)
        tasks = await waiting(queue, CRYSTALS[:1]) + await waiting(queue, CRYSTALS[1:])
        forward.gate.set()
        return [len(batch) for batch in forward.batches], await asyncio.gather(*tasks)

    started, answers = asyncio.run(scenario())
    assert started == [1]
    expected = [answer_of(crystal) for crystal in CRYSTALS]
    assert len(set(expected)) == len(expected)
    assert answers == [prediction_of(crystal) for crystal in CRYSTALS]


def test_batches_keep_to_their_bonds_and_a_larger_crystal_goes_alone():
    most = sorted(crystal.graph.n_bonds for crystal in CRYSTALS)[-2]

    async def scenario() -> list[list[Crystal]]:
        forward = Forward()
        forward.gate.set()
        queue = ForwardQueue(forward, max_bonds=most)
        await asyncio.gather(*(queue.predict(crystal) for crystal in CRYSTALS))
        return forward.batches

    batches = asyncio.run(scenario())
    assert sum(len(batch) for batch in batches) == len(CRYSTALS)
    assert 1 < len(batches) < len(CRYSTALS)
    assert all(len(b) == 1 or sum(g.graph.n_bonds for g in b) <= most for b in batches)


def test_what_waits_is_shared_out_evenly_in_its_order():
    crystals = [CRYSTALS[0]] * 11

    async def scenario() -> list[int]:
        forward = Forward()
        queue = ForwardQueue(forward, max_bonds=8 * CRYSTALS[0].graph.n_bonds)
        first = await waiting(queue, crystals[:1])
        others = await waiting(queue, crystals[1:])
        forward.gate.set()
        await asyncio.gather(*first, *others)
        return [len(batch) for batch in forward.batches]

    assert asyncio.run(scenario()) == [1, 5, 5]


def test_two_passes_side_by_side_share_what_comes_at_once_and_what_waits():
    crystals = [CRYSTALS[0]] * 14

    async def scenario() -> tuple[list[int], list[int]]:
        forward = Forward()
        queue = ForwardQueue(forward, parallel=2)
        first = await waiting(queue, crystals[:4])
        started = [len(batch) for batch in forward.batches]
        others = await waiting(queue, crystals[4:])
        forward.gate.set()
        await asyncio.gather(*first, *others)
        return started, [len(batch) for batch in forward.batches]

    assert asyncio.run(scenario()) == ([2, 2], [2, 2, 10])


def computed_after(crystals: Sequence[Crystal], seconds: float) -> list[Crystal]:
    """Return the order in which crystals are computed that come during a pass, so far apart.

    The pace is one bond a second.
    """
    now = 0.0

    async def scenario() -> list[Crystal]:
        nonlocal now
        forward = Forward()
        queue = ForwardQueue(forward, max_bonds=1, pace=1.0, clock=lambda: now)
        tasks = await waiting(queue, CRYSTALS[:1])
        for crystal in crystals:
            tasks += await waiting(queue, [crystal])
            now += seconds
        forward.gate.set()
        await asyncio.gather(*tasks)
        return [crystal for batch in forward.batches[1:] for crystal in batch]

    return asyncio.run(scenario())


SMALLEST, *_, LARGEST = sorted(CRYSTALS, key=lambda crystal: crystal.graph.n_bonds)
DIFFERENCE = LARGEST.graph.n_bonds - SMALLEST.graph.n_bonds


def test_who_came_long_before_is_computed_first():
    order = [LARGEST, SMALLEST, *CRYSTALS[3:6]]
    assert list(map(id, computed_after(order, seconds=1e3))) == list(map(id, order))


def test_a_small_crystal_goes_before_a_large_one_but_not_for_ever():
    order = computed_after([LARGEST, SMALLEST, SMALLEST], seconds=0.7 * DIFFERENCE)
    assert [crystal is LARGEST for crystal in order] == [False, True, False]


def test_who_leaves_before_the_pass_starts_is_not_computed():
    async def scenario() -> tuple[list[list[Crystal]], Prediction]:
        forward = Forward()
        queue = ForwardQueue(forward)
        first, left, stays = await waiting(queue, CRYSTALS[:3])
        left.cancel()
        await asyncio.sleep(0)
        forward.gate.set()
        await first
        return forward.batches, await stays

    batches, answer = asyncio.run(scenario())
    assert not any(crystal is CRYSTALS[1] for batch in batches[1:] for crystal in batch)
    assert answer == prediction_of(CRYSTALS[2])


def test_one_crystal_cannot_spoil_the_others_answers():
    async def scenario() -> list[Prediction | BaseException]:
        forward = Forward()
        forward.spoilt = CRYSTALS[2]
        queue = ForwardQueue(forward)
        tasks = await waiting(queue, CRYSTALS[:1]) + await waiting(queue, CRYSTALS[1:4])
        forward.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, spoilt, fourth = asyncio.run(scenario())
    assert isinstance(spoilt, ArithmeticError)
    assert [first, second, fourth] == [prediction_of(CRYSTALS[i]) for i in (0, 1, 3)]


def test_it_goes_on_after_a_failure():
    async def scenario() -> Prediction:
        forward = Forward()
        forward.gate.set()
        forward.spoilt = CRYSTALS[0]
        queue = ForwardQueue(forward)
        with pytest.raises(ArithmeticError):
            await queue.predict(CRYSTALS[0])
        return await queue.predict(CRYSTALS[1])

    assert asyncio.run(scenario()) == prediction_of(CRYSTALS[1])
