"""Two lanes of work, so that large crystals do not hold up small ones, nor the reverse."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from app.errors import Busy
from app.service.workers import Workers
from app.settings import Settings
from models.crystal.crystal import Crystal
from models.network.batch import MAX_BONDS

LARGE_TEXT = 10_000  # bytes; a file of some 150 sites
LARGE_CELL = 150  # sites
LATEST = 0.2  # weight of the last interval in their running mean
SHARE_OF_LARGE = 8  # of the places, one in so many


class Places:
    """Places for `limit` requests in work or waiting; `max_wait` is the longest wait, in seconds.

    How long a request would wait is estimated from how fast those before it were done. More is
    refused when all places are taken, or when the wait would be too long.
    """

    def __init__(
        self,
        limit: int,
        at_once: int,
        max_wait: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = limit
        self._at_once = at_once
        self._max_wait = max_wait
        self._clock = clock
        self._interval = 0.0  # s between one request done and the next, while some wait
        self._last = clock()
        self.taken = 0

    @property
    def wait(self) -> float:
        """Estimated seconds until all that is here is done."""
        return self.taken * self._interval

    def check(self) -> None:
        """Raise Busy if no place can be had, with the seconds after which to try again."""
        too_long = self.taken > self._at_once and self.wait > self._max_wait
        if self.taken >= self._limit or too_long:
            seconds = max(1, math.ceil(min(self.wait, 60.0)))
            raise Busy(
                f"{self.taken} requests are in work or waiting, which take about {seconds} s; "
                "try again then.",
                retry_after=seconds,
            )

    def take(self) -> None:
        """Take a place. Raises Busy."""
        self.check()
        if not self.taken:
            self._last = self._clock()
        self.taken += 1

    def leave(self) -> None:
        """Give a place back."""
        now = self._clock()
        self._interval += LATEST * (now - self._last - self._interval)
        self._last = now
        self.taken -= 1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold a place. Raises Busy."""
        self.take()
        try:
            yield
        finally:
            self.leave()


@dataclass(frozen=True)
class Lane:
    """Threads that read structures, and the places of the requests in work or waiting."""

    workers: Workers
    places: Places


@dataclass
class Place:
    """A request's place in a lane."""

    lane: Lane

    def move(self, lane: Lane) -> None:
        """Go on in another lane. Raises Busy."""
        if lane is not self.lane:
            lane.places.take()
            self.lane.places.leave()
            self.lane = lane


@dataclass(frozen=True)
class Lanes:
    """The lane of small crystals, and that of large ones, which are worked on one by one."""

    small: Lane
    large: Lane
    max_bonds: int = field(default=MAX_BONDS, kw_only=True)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the lanes that the settings ask for."""
        small, queue = settings.concurrency, settings.max_queue
        large = max(1, queue // SHARE_OF_LARGE)
        wait = settings.max_wait
        return cls(
            Lane(Workers("crystal", small), Places(small + queue, small, wait)),
            Lane(Workers("large-crystal", 1), Places(1 + large, 1, math.inf)),
        )

    @property
    def in_flight(self) -> int:
        """Number of requests in work or waiting."""
        return self.small.places.taken + self.large.places.taken

    def of_text(self, text: str | bytes) -> Lane:
        """Return the lane to read this text in."""
        return self.large if len(text) > LARGE_TEXT else self.small

    def of_cell(self, n_sites: int) -> Lane:
        """Return the lane to describe a cell of so many sites in."""
        return self.large if n_sites > LARGE_CELL else self.small

    def of_crystal(self, crystal: Crystal) -> Lane:
        """Return the lane to predict for this crystal in."""
        return self.large if self.is_large(crystal) else self.small

    def is_large(self, crystal: Crystal) -> bool:
        """Return whether the crystal fills a forward pass by itself."""
        return crystal.graph.n_bonds > self.max_bonds

    @contextmanager
    def place(self, lane: Lane) -> Iterator[Place]:
        """Hold a place in this lane, or where it moves. Raises Busy."""
        lane.places.take()
        place = Place(lane)
        try:
            yield place
        finally:
            place.lane.places.leave()

    def close(self) -> None:
        """Drop waiting work."""
        self.small.workers.close()
        self.large.workers.close()
