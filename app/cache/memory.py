"""A cache in the memory of the process."""

import contextlib
import time
from typing import NamedTuple

from cachetools import TLRUCache

from app.cache.base import Clock


class _Entry(NamedTuple):
    value: bytes
    ttl: int
    size: int


class MemoryCache:
    """A cache in the process of at most `max_bytes`; the least recently used values go first."""

    def __init__(self, max_bytes: int, clock: Clock = time.monotonic) -> None:
        self._entries: TLRUCache[str, _Entry] = TLRUCache(
            max_bytes,
            ttu=lambda _, entry, now: now + entry.ttl,
            timer=clock,
            getsizeof=lambda entry: entry.size,
        )

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none (any more)."""
        return self.find(key)

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds, if it fits."""
        self.keep(key, value, ttl)

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def find(self, key: str) -> bytes | None:
        """Return what `get` does, without an event loop."""
        entry = self._entries.get(key)
        return entry and entry.value

    def keep(self, key: str, value: bytes, ttl: int) -> None:
        """Do what `set` does, without an event loop."""
        self._entries.pop(key, None)
        with contextlib.suppress(ValueError):  # it is larger than the cache
            self._entries[key] = _Entry(value, ttl, len(key) + len(value))
