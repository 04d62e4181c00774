"""Joining identical work."""

import asyncio

import pytest

from app.service.single_flight import SingleFlight


class Work:
    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.started = 0
        self.cancelled = 0

    async def __call__(self) -> int:
        self.started += 1
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return self.started


async def joined(flights: SingleFlight[int], work: Work, count: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(flights.run("key", work)) for _ in range(count)]
    await asyncio.sleep(0.01)
    return tasks


def test_all_get_the_one_result():
    async def scenario() -> tuple[list[int], int]:
        flights, work = SingleFlight[int](), Work()
        tasks = await joined(flights, work, 5)
        work.gate.set()
        return await asyncio.gather(*tasks), work.started

    assert asyncio.run(scenario()) == ([1] * 5, 1)


def test_one_who_leaves_does_not_stop_the_others():
    async def scenario() -> tuple[int, int]:
        flights, work = SingleFlight[int](), Work()
        first, second = await joined(flights, work, 2)
        first.cancel()
        await asyncio.sleep(0.01)
        work.gate.set()
        return await second, work.cancelled

    assert asyncio.run(scenario()) == (1, 0)


def test_work_that_nobody_waits_for_is_dropped():
    async def scenario() -> tuple[int, int]:
        flights, work = SingleFlight[int](), Work()
        for task in await joined(flights, work, 2):
            task.cancel()
        await asyncio.sleep(0.01)
        cancelled = work.cancelled
        work.gate.set()
        return cancelled, await flights.run("key", work)

    assert asyncio.run(scenario()) == (1, 2)


def test_a_failure_reaches_all_and_is_forgotten():
    async def fail() -> int:
        await asyncio.sleep(0.01)
        raise ValueError("once")

    async def scenario() -> tuple[list[str], int]:
        flights, work = SingleFlight[int](), Work()
        failures = await asyncio.gather(
            *(flights.run("key", fail) for _ in range(3)), return_exceptions=True
        )
        work.gate.set()
        return [str(error) for error in failures], await flights.run("key", work)

    assert asyncio.run(scenario()) == (["once"] * 3, 1)


def test_different_keys_do_not_join():
    async def scenario() -> int:
        flights, work = SingleFlight[int](), Work()
        work.gate.set()
        await asyncio.gather(flights.run("a", work), flights.run("b", work))
        return work.started

    assert asyncio.run(scenario()) == 2


def test_a_caller_that_is_cancelled_sees_it():
    async def scenario() -> None:
        (task,) = await joined(SingleFlight[int](), Work(), 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
