"""A cache in the memory of the process."""

import time
from collections import OrderedDict

from app.cache.base import Clock


class MemoryCache:
    """A cache in the process of at most `max_bytes`; the least recently used values go first."""

    def __init__(self, max_bytes: int, clock: Clock = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._clock = clock
        self._bytes = 0
        self._entries: OrderedDict[str, tuple[bytes, float]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none (any more)."""
        return self.find(key)

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds, if it fits."""
        self.keep(key, value, ttl)

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._bytes = 0

    def find(self, key: str) -> bytes | None:
        """Return what `get` does, without an event loop."""
        if key not in self._entries:
            return None
        value, expiry = self._entries[key]
        if expiry <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return value

    def keep(self, key: str, value: bytes, ttl: int) -> None:
        """Do what `set` does, without an event loop."""
        if key in self._entries:
            self._drop(key)
        if self._size(key, value) > self._max_bytes:
            return
        self._entries[key] = (value, self._clock() + ttl)
        self._bytes += self._size(key, value)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        value, _ = self._entries.pop(key)
        self._bytes -= self._size(key, value)

    @staticmethod
    def _size(key: str, value: bytes) -> int:
        return len(key) + len(value)
