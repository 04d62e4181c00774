"""Asking again after a passing fault, later each time."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from models.errors import DataError

Answer = TypeVar("Answer")


class TransientError(Exception):
    """A fault that may pass; `retry_after` [s] is the wait the server asked for, if it did."""

    def __init__(self, cause: str, retry_after: float | None = None) -> None:
        super().__init__(cause)
        self.retry_after = retry_after


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how patiently to ask; delays and the timeout of one request in seconds."""

    attempts: int = 8
    first_delay: float = 1.0
    longest_delay: float = 120.0
    timeout: float = 60.0

    def delay(self, attempt: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after failed attempt number `attempt` (from 1).

        Doubles each time, with jitter so that clients do not return together; never less than
        the server asked for, unless that is longer than `longest_delay`.
        """
        backoff = self.first_delay * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311
        return min(max(backoff, retry_after or 0.0), self.longest_delay)


def with_retries(
    ask: Callable[[], Answer],
    policy: RetryPolicy,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Return what `ask` returns, asking again after each TransientError.

    Raises DataError with the last fault once `policy.attempts` have failed.
    """
    for attempt in range(1, policy.attempts):
        try:
            return ask()
        except TransientError as error:
            sleep(policy.delay(attempt, error.retry_after))
    try:
        return ask()
    except TransientError as error:
        raise DataError(
            f"Gave up after {policy.attempts} attempts: {error}. What has been fetched is kept; "
            "run the same command again later to go on from there."
        ) from error
