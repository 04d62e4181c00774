"""Caches of bytes with an expiry: Redis, or a bounded one in the process."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.settings import Settings

log = logging.getLogger(__name__)

Clock = Callable[[], float]
T = TypeVar("T")


class Cache(Protocol):
    """Values by key, each for a time; a cache may forget, but never fails."""

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none (any more)."""

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds."""

    async def close(self) -> None:
        """Let connections go."""


def create_cache(settings: Settings) -> Cache:
    """Return the cache that the settings ask for; opens no connection yet."""
    if settings.redis_url is None:
        return MemoryCache(settings.memory_cache_bytes)
    return RedisCache(
        settings.redis_url.get_secret_value(),
        timeout=settings.redis_timeout,
        retry_interval=settings.redis_retry_interval,
    )


class MemoryCache:
    """A cache in the process of at most `max_bytes`; the least recently used values go first."""

    def __init__(self, max_bytes: int, clock: Clock = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._bytes = 0
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none (any more)."""
        if key not in self._entries:
            return None
        value, expiry = self._entries[key]
        if expiry <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return value

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds, if it fits."""
        if key in self._entries:
            self._drop(key)
        if self._size(key, value) > self._max_bytes:
            return
        self._entries[key] = (value, self._clock() + ttl)
        self._bytes += self._size(key, value)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    def _drop(self, key: str) -> None:
        value, _ = self._entries.pop(key)
        self._bytes -= self._size(key, value)

    @staticmethod
    def _size(key: str, value: bytes) -> int:
        return len(key) + len(value)


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
