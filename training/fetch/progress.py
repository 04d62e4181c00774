"""One line per step of a long fetch: how far, how fast, how long still."""

import sys
import time
from collections.abc import Callable
from datetime import timedelta


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class Progress:
    """Reports how much of `unit` is done; the rate counts from here, not from a resumed start."""

    def __init__(
        self,
        unit: str,
        start: int = 0,
        write: Callable[[str], None] = _to_stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._unit = unit
        self._start = start
        self._write = write
        self._clock = clock
        self._began = clock()

    def report(self, done: int, total: int | None) -> None:
        """Write `done` of `total`, the rate and, where the total is known, the time left."""
        rate = (done - self._start) / max(self._clock() - self._began, 1e-9)
        line = f"{done}/{'?' if total is None else total} {self._unit}, {rate:.3g}/s"
        if total is not None and rate > 0:
            line += f", {timedelta(seconds=round((total - done) / rate))} left"
        self._write(line)
