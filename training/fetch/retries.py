"""Repeated requests after faults that may pass."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential_jitter,
)

from models.errors import DataError

Answer = TypeVar("Answer")


class TransientError(Exception):
    """A fault that may pass; `retry_after` [s] is the wait the server named, if it did."""

    def __init__(self, cause: str, retry_after: float | None = None) -> None:
        super().__init__(cause)
        self.retry_after = retry_after


@dataclass(frozen=True)
class RetryPolicy:
    """Number of attempts; delays between them and the timeout of a request, in seconds."""

    attempts: int = 8
    first_delay: float = 1.0
    longest_delay: float = 120.0
    timeout: float = 60.0

    def wait(self, state: RetryCallState) -> float:
        """Return the seconds to wait, doubled each time, at least what the server named.

        At most `longest_delay`.
        """
        backoff = wait_exponential_jitter(
            multiplier=self.first_delay, max=self.longest_delay, jitter=self.first_delay
        )(state)
        fault = state.outcome.exception() if state.outcome else None
        named = getattr(fault, "retry_after", None) or 0.0
        return min(max(backoff, named), self.longest_delay)


def with_retries(
    call: Callable[[], Answer],
    policy: RetryPolicy,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Return what `call` returns, repeated after each TransientError.

    Raises DataError with the last fault once `policy.attempts` have failed.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(TransientError),
        stop=stop_after_attempt(policy.attempts),
        wait=policy.wait,
        sleep=sleep,
        reraise=True,
    )
    try:
        return retrying(call)
    except TransientError as error:
        raise DataError(
            f"Gave up after {policy.attempts} attempts: {error}. What has been fetched is kept; "
            "run the same command again later to go on from there."
        ) from error
