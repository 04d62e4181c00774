"""Times of alternatives taken in turn, so that the machine's moods fall on all of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """Median, and the quartiles around it."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, values: object) -> "Spread":
        """Return the spread of these values."""
        lower, median, upper = np.percentile(np.asarray(values, dtype=float), [25, 50, 75])
        return cls(float(median), float(lower), float(upper))

    def document(self) -> dict[str, float]:
        """Return the spread as JSON, to four digits."""
        return {name: float(f"{value:.4g}") for name, value in asdict(self).items()}


def seconds(
    works: Mapping[str, Callable[[], object]], rounds: int, warm: int = 1
) -> dict[str, np.ndarray]:
    """Return the seconds [rounds] of each piece of work; every round does all of them."""
    for _ in range(warm):
        for work in works.values():
            work()
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    return {name: np.array(values) for name, values in times.items()}
