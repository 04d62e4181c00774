"""Worker processes: bounded reading, and one that is killed."""

import os
import signal
import time
from dataclasses import dataclass

import pytest

from app.screening.entry import Entry
from app.screening.probability import Thresholds
from app.screening.run.chunks import Chunk
from app.screening.run.workers import WAITING, Here, Workers
from benchmarks.kills import StandIn
from models.errors import DataError
from models.structure.checks import StructureLimits

COUNT, CHUNKS = 2, 30


@dataclass(frozen=True)
class Killed(StandIn):
    """Its process is killed at the fifth chunk, as by a system that is out of memory."""

    def judge(self, chunk):
        if chunk.number == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(chunk)


def chunk(number):
    return Chunk(number, number, (Entry(f"x-{number}", b"x", StructureLimits()),))


class Counted:
    """Chunks, and how many of them were read."""

    def __init__(self):
        self.read = 0

    def __call__(self):
        for number in range(CHUNKS):
            self.read += 1
            yield chunk(number)


class KilledMeanwhile(Counted):
    """Chunks of which the third is read while the workers are killed."""

    def __init__(self, workers):
        super().__init__()
        self._pool = workers._pool

    def __call__(self):
        for chunk in super().__call__():
            if chunk.number == 2:
                for process in self._pool._processes.values():
                    os.kill(process.pid, signal.SIGKILL)
                while not self._pool._broken:
                    time.sleep(0.01)
            yield chunk


@pytest.fixture
def workers():
    with Workers(COUNT) as running:
        yield running


def test_a_few_chunks_are_read_ahead_and_all_are_done(workers):
    chunks, judge = Counted(), StandIn(Thresholds())
    found = {}
    for number, done in enumerate(workers.run(judge, chunks, ()), 1):
        assert chunks.read <= number + WAITING * COUNT
        found[done.number] = done
    assert sorted(found) == list(range(CHUNKS))
    for expected in Here().run(judge, Counted(), ()):
        assert found[expected.number].rows.equals(expected.rows)


def test_what_is_done_is_passed_over(workers):
    names = {chunk(number).name for number in range(0, CHUNKS, 2)}
    done = list(workers.run(StandIn(Thresholds()), Counted(), names))
    assert len(done) == CHUNKS
    assert {each.number for each in done if each.rows is None} == set(range(0, CHUNKS, 2))


def test_a_worker_that_is_killed_ends_the_screening_with_advice():
    with Workers(COUNT) as workers, pytest.raises(DataError, match="fewer --workers"):
        list(workers.run(Killed(Thresholds()), Counted(), ()))


def test_workers_that_are_killed_while_the_source_is_read_end_it_with_the_same_advice():
    with Workers(COUNT) as workers, pytest.raises(DataError, match="fewer --workers"):
        list(workers.run(StandIn(Thresholds()), KilledMeanwhile(workers), ()))
