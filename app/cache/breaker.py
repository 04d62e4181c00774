"""A circuit breaker around Redis."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.exceptions import (
    ClusterDownError,
    DataError,
    MaxConnectionsError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

# What a Redis that works says of a command it will not do: out of memory, read-only, wrong type,
# not permitted, kept elsewhere in a cluster.
REFUSALS = (ResponseError, DataError)
OUTAGES = (RedisError, RedisClusterException, OSError, TimeoutError, EOFError)
FIRST_PROBE = 0.1  # s
PROBE_TIMEOUT = 5.0  # s; a probe ends then


class Breaker:
    """Commands to Redis, none of which costs a request more than `timeout` seconds.

    The first failure opens the breaker, and from then on commands cost nothing. Meanwhile `probe`
    is tried in the background, soon at first, for it may have been one slow reply, then every
    `retry_interval` seconds; its first success closes the breaker. A command that Redis refuses,
    or that finds all connections in use, is no failure of Redis: it counts as a miss.
    """

    def __init__(
        self, probe: Callable[[], Awaitable[object]], timeout: float, retry_interval: float
    ) -> None:
        self._probe = probe
        self._timeout = timeout
        self._retry_interval = retry_interval
        self._probing: asyncio.Task[None] | None = None
        self._refused: set[str] = set()
        self.refusals = 0
        self.failures = 0

    @property
    def is_open(self) -> bool:
        """Whether commands are not sent at present."""
        return self._probing is not None

    async def run(self, command: Callable[[], Awaitable[T]]) -> T | None:
        """Return what the command returns; None when it is not sent, fails or is refused."""
        if self.is_open:
            return None
        try:
            async with asyncio.timeout(self._timeout):
                return await command()
        except ClusterDownError as error:  # a ResponseError, but no refusal of this one command
            self._open(error)
        except REFUSALS as error:
            self._note_refusal(error)
        except MaxConnectionsError:  # a RedisError, but only so many commands at once
            pass
        except OUTAGES as error:
            self._open(error)
        return None

    async def close(self) -> None:
        """End the probing."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait((self._probing,))
            self._probing = None

    def _open(self, error: Exception) -> None:
        self.failures += 1
        if self._probing is None:
            log.warning("Redis does not answer (%s); going on without a cache.", _brief(error))
            self._probing = asyncio.get_running_loop().create_task(self._probe_until_answered())

    async def _probe_until_answered(self) -> None:
        pause = FIRST_PROBE
        while True:
            await asyncio.sleep(min(pause, self._retry_interval))
            pause *= 2
            try:
                async with asyncio.timeout(PROBE_TIMEOUT):
                    await self._probe()
            except OUTAGES:
                continue
            break
        self._probing = None
        log.warning("Redis answers again.")

    def _note_refusal(self, error: Exception) -> None:
        self.refusals += 1
        kind = str(error).split(" ")[0]
        if kind not in self._refused:  # each kind once: it may go on for days
            self._refused.add(kind)
            log.warning("Redis refuses a command (%s); such entries are not cached.", error)


def _brief(error: Exception) -> str:
    """Return the error without what it may quote of the address."""
    return type(error).__name__ if isinstance(error, OSError) else str(error).split("@")[-1]
