"""A cache in Redis."""

import logging
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.addresses import is_cluster, plain_address
from app.cache.breaker import Breaker
from app.cache.seal import Seal

log = logging.getLogger(__name__)

CONNECTIONS = 64


class RedisCache:
    """A cache in Redis, or in a cluster of it; while it fails every key is a miss.

    Values are sealed: one that was written without `secret`, or under another key, is a miss.
    `timeout` is the longest that one command may take and `retry_interval` the time between
    attempts to reach a Redis that has failed, in seconds. Raises ValueError for an address that
    cannot be one of Redis.
    """

    def __init__(
        self, url: str, timeout: float, retry_interval: float, secret: str | None = None
    ) -> None:
        self.rejected = 0  # values that were not sealed under their key
        self._seal = Seal(secret)
        self.client = _client(url, timeout)
        self.breaker = Breaker(self.client.ping, timeout, retry_interval)

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none or Redis does not answer."""
        sealed = await self.breaker.run(lambda: self.client.get(key))
        if sealed is None:
            return None
        value = self._seal.open(key, sealed.encode() if isinstance(sealed, str) else sealed)
        if value is None:
            self._note_rejection()
        return value

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds, if Redis answers."""
        sealed = self._seal.close(key, value)
        await self.breaker.run(lambda: self.client.set(key, sealed, ex=ttl))

    async def close(self) -> None:
        """Close the connections."""
        await self.breaker.close()
        await self.client.aclose()

    def _note_rejection(self) -> None:
        self.rejected += 1
        if self.rejected == 1:
            log.warning("A value in Redis is not the service's own; such values are not used.")


def _client(url: str, timeout: float) -> Redis | RedisCluster:
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": max(timeout, 1.0),  # for probes; commands have `timeout` in all
        "retry": Retry(NoBackoff(), 0),
    }
    address = plain_address(url)
    if is_cluster(url):
        return RedisCluster.from_url(address, **options)
    return Redis.from_url(address, max_connections=CONNECTIONS, **options)
