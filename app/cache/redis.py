"""A cache in Redis."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.cache.base import Clock

log = logging.getLogger(__name__)

T = TypeVar("T")


class RedisCache:
    """A cache in Redis; while it fails every key is a miss, and it is asked only now and then."""

    def __init__(
        self, url: str, timeout: float, retry_interval: float, clock: Clock = time.monotonic
    ) -> None:
        self._timeout = timeout
        self._retry_interval = retry_interval
        self._clock = clock
        self._retry_at: float | None = None  # None while Redis answers
        self._redis = Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none or Redis does not answer."""
        value = await self._ask(lambda: self._redis.get(key))
        return value.encode() if isinstance(value, str) else value

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds, if Redis answers."""
        await self._ask(lambda: self._redis.set(key, value, ex=ttl))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask(self, command: Callable[[], Awaitable[T]]) -> T | None:
        if self._retry_at is not None:
            if self._clock() < self._retry_at:
                return None
            # Until this one attempt is over, other requests need not wait for a timeout too.
            self._retry_at = self._clock() + self._retry_interval
        try:
            async with asyncio.timeout(2 * self._timeout):
                value = await command()
        except (RedisError, OSError, TimeoutError) as error:
            self._note_failure(error)
            return None
        self._note_success()
        return value

    def _note_failure(self, error: Exception) -> None:
        if self._retry_at is None:
            log.warning("Redis does not answer (%s); going on without a cache.", error)
        self._retry_at = self._clock() + self._retry_interval

    def _note_success(self) -> None:
        if self._retry_at is not None:
            log.warning("Redis answers again.")
        self._retry_at = None
