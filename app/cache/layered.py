"""A cache in the process before a shared one."""

from app.cache.base import Cache
from app.cache.memory import MemoryCache

AT_HAND = 300  # s that a value from the shared cache is kept here: its own time is not known


class LayeredCache:
    """What was read or written lately is found in the process, whatever the shared cache does."""

    def __init__(self, near: MemoryCache, shared: Cache) -> None:
        self._near = near
        self._shared = shared

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none (any more)."""
        value = self._near.find(key)
        if value is None:
            value = await self._shared.get(key)
            if value is not None:
                self._near.keep(key, value, AT_HAND)
        return value

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds."""
        self._near.keep(key, value, ttl)
        await self._shared.set(key, value, ttl)

    async def close(self) -> None:
        """Forget what is here; the shared cache is its owner's to close."""
        await self._near.close()


def layered(cache: Cache, max_bytes: int) -> Cache:
    """Return the cache with one of `max_bytes` in the process before it, if it is not there."""
    if isinstance(cache, MemoryCache) or not max_bytes:
        return cache
    return LayeredCache(MemoryCache(max_bytes), cache)
