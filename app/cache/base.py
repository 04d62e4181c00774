"""The interface of a cache."""

from collections.abc import Callable
from typing import Protocol

Clock = Callable[[], float]


class Cache(Protocol):
    """Values by key, each for a time; a cache may forget, but never fails."""

    async def get(self, key: str) -> bytes | None:
        """Return the value, or None when there is none (any more)."""

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """Keep the value for `ttl` seconds."""

    async def close(self) -> None:
        """Let connections go."""
