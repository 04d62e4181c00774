"""A circuit breaker for calls from several threads."""

import threading
import time
from collections.abc import Callable


class Circuit:
    """Open, so that nothing is tried, for `pause` seconds after `failures` in a row.

    After the pause one call is let through; whether it succeeds decides about the next.
    """

    def __init__(
        self, failures: int, pause: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = failures
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the last calls failed, and none has succeeded since."""
        return self._failed >= self._limit

    def wait(self) -> float:
        """Return 0.0 if a call may be tried now, else the seconds until one may."""
        with self._lock:
            if not self.is_open:
                return 0.0
            left = self._open_until - self._clock()
            if left <= 0:
                self._open_until = self._clock() + self._pause  # the others go on waiting
                return 0.0
            return left

    def note(self, *, success: bool) -> None:
        """Note how a call ended."""
        with self._lock:
            self._failed = 0 if success else self._failed + 1
            if self.is_open:
                self._open_until = self._clock() + self._pause
