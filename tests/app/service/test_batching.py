"""Crystals of several requests in one forward pass."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from app.service.batching import ForwardQueue
from models.crystal.graph import CrystalGraph, crystal_graph
from models.prediction.judgement import Judgement
from models.prediction.statistics import summarise
from tests.crystals import generated_crystals

GRAPHS = [crystal_graph(crystal) for crystal in generated_crystals(12, seed=4)]


def answer_of(graph: CrystalGraph) -> float:
    return float(graph.distance.sum())


def judgement_of(graph: CrystalGraph) -> Judgement:
    return Judgement(summarise(np.full(9, answer_of(graph))), None, None)


def mark_of(graph: CrystalGraph) -> str:
    return f"{answer_of(graph):.6f}"


class Forward:
    """Notes what it is asked, and waits for its gate."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.batches: list[list[CrystalGraph]] = []
        self.spoilt: CrystalGraph | None = None

    async def __call__(
        self, graphs: Sequence[CrystalGraph], fingerprints: Sequence[str]
    ) -> list[Judgement]:
        self.batches.append(list(graphs))
        await self.gate.wait()
        if any(graph is self.spoilt for graph in graphs):
            raise ArithmeticError("spoilt")
        assert list(fingerprints) == [mark_of(graph) for graph in graphs]
        return [judgement_of(graph) for graph in graphs]


async def waiting(
    queue: ForwardQueue, graphs: Sequence[CrystalGraph]
) -> list[asyncio.Task[Judgement]]:
    tasks = [asyncio.create_task(queue.judge(graph, mark_of(graph))) for graph in graphs]
    await asyncio.sleep(0.01)
    return tasks


def test_the_first_starts_at_once_and_the_others_share_the_next_pass():
    async def scenario() -> tuple[list[int], list[Judgement]]:
        forward = Forward()
        queue = ForwardQueue(forward)
        tasks = await waiting(queue, GRAPHS[:1]) + await waiting(queue, GRAPHS[1:])
        forward.gate.set()
        return [len(batch) for batch in forward.batches], await asyncio.gather(*tasks)

    started, answers = asyncio.run(scenario())
    assert started == [1]
    expected = [answer_of(graph) for graph in GRAPHS]
    assert len(set(expected)) == len(expected)
    assert answers == [judgement_of(graph) for graph in GRAPHS]


def test_batches_keep_to_their_bonds_and_a_larger_crystal_goes_alone():
    most = sorted(graph.n_bonds for graph in GRAPHS)[-2]

    async def scenario() -> list[list[CrystalGraph]]:
        forward = Forward()
        forward.gate.set()
        queue = ForwardQueue(forward, max_bonds=most)
        await asyncio.gather(*(queue.judge(graph, mark_of(graph)) for graph in GRAPHS))
        return forward.batches

    batches = asyncio.run(scenario())
    assert sum(len(batch) for batch in batches) == len(GRAPHS)
    assert 1 < len(batches) < len(GRAPHS)
    assert all(len(b) == 1 or sum(g.n_bonds for g in b) <= most for b in batches)


def test_what_waits_is_shared_out_evenly_in_its_order():
    graphs = [GRAPHS[0]] * 11

    async def scenario() -> list[int]:
        forward = Forward()
        queue = ForwardQueue(forward, max_bonds=8 * GRAPHS[0].n_bonds)
        first = await waiting(queue, graphs[:1])
        others = await waiting(queue, graphs[1:])
        forward.gate.set()
        await asyncio.gather(*first, *others)
        return [len(batch) for batch in forward.batches]

    assert asyncio.run(scenario()) == [1, 5, 5]


def test_two_passes_side_by_side_share_what_comes_at_once_and_what_waits():
    graphs = [GRAPHS[0]] * 14

    async def scenario() -> tuple[list[int], list[int]]:
        forward = Forward()
        queue = ForwardQueue(forward, parallel=2)
        first = await waiting(queue, graphs[:4])
        started = [len(batch) for batch in forward.batches]
        others = await waiting(queue, graphs[4:])
        forward.gate.set()
        await asyncio.gather(*first, *others)
        return started, [len(batch) for batch in forward.batches]

    assert asyncio.run(scenario()) == ([2, 2], [2, 2, 10])


def test_batches_start_with_who_came_first():
    async def scenario() -> list[CrystalGraph]:
        forward = Forward()
        queue = ForwardQueue(forward, max_bonds=max(graph.n_bonds for graph in GRAPHS))
        tasks = await waiting(queue, GRAPHS)
        forward.gate.set()
        await asyncio.gather(*tasks)
        return [graph for batch in forward.batches for graph in batch]

    computed = asyncio.run(scenario())
    assert all(one is other for one, other in zip(computed, GRAPHS, strict=True))


def test_who_leaves_before_the_pass_starts_is_not_computed():
    async def scenario() -> tuple[list[list[CrystalGraph]], Judgement]:
        forward = Forward()
        queue = ForwardQueue(forward)
        first, left, stays = await waiting(queue, GRAPHS[:3])
        left.cancel()
        await asyncio.sleep(0)
        forward.gate.set()
        await first
        return forward.batches, await stays

    batches, answer = asyncio.run(scenario())
    assert not any(graph is GRAPHS[1] for batch in batches[1:] for graph in batch)
    assert answer == judgement_of(GRAPHS[2])


def test_one_crystal_cannot_spoil_the_others_answers():
    async def scenario() -> list[Judgement | BaseException]:
        forward = Forward()
        forward.spoilt = GRAPHS[2]
        queue = ForwardQueue(forward)
        tasks = await waiting(queue, GRAPHS[:1]) + await waiting(queue, GRAPHS[1:4])
        forward.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, spoilt, fourth = asyncio.run(scenario())
    assert isinstance(spoilt, ArithmeticError)
    assert [first, second, fourth] == [judgement_of(GRAPHS[i]) for i in (0, 1, 3)]


def test_it_goes_on_after_a_failure():
    async def scenario() -> Judgement:
        forward = Forward()
        forward.gate.set()
        forward.spoilt = GRAPHS[0]
        queue = ForwardQueue(forward)
        with pytest.raises(ArithmeticError):
            await queue.judge(GRAPHS[0], mark_of(GRAPHS[0]))
        return await queue.judge(GRAPHS[1], mark_of(GRAPHS[1]))

    assert asyncio.run(scenario()) == judgement_of(GRAPHS[1])
