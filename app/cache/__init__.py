"""Caches of bytes with an expiry: in Redis, or a bounded one in the process."""

from app.cache.base import Cache
from app.cache.memory import MemoryCache
from app.settings import Settings


def create_cache(settings: Settings) -> Cache:
    """Return the cache that the settings ask for; opens no connection yet."""
    if settings.redis_url is None:
        return MemoryCache(settings.memory_cache_bytes)
    from app.cache.redis import RedisCache  # noqa: PLC0415 - without Redis, no import of its client

    return RedisCache(
        settings.redis_url.get_secret_value(),
        timeout=settings.redis_timeout,
        retry_interval=settings.redis_retry_interval,
        secret=settings.cache_secret.get_secret_value() if settings.cache_secret else None,
    )
