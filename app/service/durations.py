"""Durations of the steps of one prediction."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.monitoring.metrics import WorkMetrics


@dataclass
class Durations:
    """Seconds spent in each step of one prediction."""

    metrics: WorkMetrics
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.note(name, time.perf_counter() - start)

    def note(self, name: str, seconds: float) -> None:
        """Add the time of one step."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.metrics.note_step(name, seconds)
