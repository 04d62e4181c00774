"""Finished answers to uploads, found again by the upload's text alone."""

import hashlib
from dataclasses import astuple

from app.cache.base import Cache
from app.cache.entries import key, read, written
from app.cache.memory import MemoryCache
from app.schemas import Answer
from app.settings import Settings


class Answers:
    """Answers as they go out, in the cache and at hand in this process.

    What is at hand is sent as it is. What comes out of a cache that others write to as well is
    checked once.
    """

    def __init__(self, cache: Cache, settings: Settings) -> None:
        self._settings = settings
        self._shared = None if isinstance(cache, MemoryCache) else cache
        self._at_hand = (
            cache if isinstance(cache, MemoryCache) else MemoryCache(settings.memory_cache_bytes)
        )

    @property
    def are_all_at_hand(self) -> bool:
        """Whether no other process could have an answer."""
        return self._shared is None

    def key(self, content: str | bytes, digest: str) -> str:
        """Return the key of the answer to this file by the ensemble of this digest.

        The limits are part of it: they decide what is accepted.
        """
        checksum = hashlib.sha256(
            content.encode() if isinstance(content, str) else content
        ).hexdigest()
        limits = ":".join(map(str, astuple(self._settings.structure_limits)))
        return key("upload", digest, limits, checksum)

    def at_hand(self, key: str) -> bytes | None:
        """Return the answer as JSON if this process has it; waits for nothing."""
        return self._at_hand.find(key)

    async def get(self, key: str) -> bytes | None:
        """Return the answer as JSON, or None when there is none (any more)."""
        answer = self.at_hand(key)
        if answer is not None or self._shared is None:
            return answer
        answer = await self._shared.get(key)
        if answer is None or read(Answer, answer) is None:
            return None
        self._keep(key, answer)
        return answer

    async def set(self, key: str, answer: Answer) -> None:
        """Keep the answer, as it is to be given the next time."""
        again = written(answer.model_copy(update={"cache": "hit"}))
        self._keep(key, again)
        if self._shared is not None:
            await self._shared.set(key, again, self._settings.answer_ttl)

    def _keep(self, key: str, answer: bytes) -> None:
        self._at_hand.keep(key, answer, self._settings.answer_ttl)
