"""The cache in the process, and Redis for real: alive, killed, back, full of nonsense."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from app.cache import create_cache
from app.cache.memory import MemoryCache
from app.cache.redis import RedisCache
from app.settings import Settings
from tests.app.api.test_predict import post
from tests.app.conftest import serving
from tests.redis_server import RedisServer

T = TypeVar("T")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_memory_keeps_values_for_their_time():
    clock = Clock()

    async def scenario() -> list[bytes | None]:
        cache = MemoryCache(1000, clock)
        await cache.set("key", b"value", 10)
        clock.now = 9.9
        before = await cache.get("key")
        clock.now = 10.0
        return [before, await cache.get("key"), await cache.get("other")]

    assert asyncio.run(scenario()) == [b"value", None, None]


def test_memory_is_bounded_and_drops_what_was_used_least_recently():
    async def scenario() -> list[bytes | None]:
        cache = MemoryCache(22)  # two entries of a one-letter key and ten bytes
        for _ in range(3):
            await cache.set("a", b"0123456789", 10)
        await cache.set("b", b"0123456789", 10)
        await cache.get("a")
        await cache.set("c", b"0123456789", 10)
        await cache.set("too large", b"x" * 100, 10)
        return [await cache.get(key) for key in ("a", "b", "c", "too large")]

    assert asyncio.run(scenario()) == [b"0123456789", None, b"0123456789", None]


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_settings(settings: Settings, redis_server: RedisServer) -> Settings:
    """Settings with Redis and, so that it is asked every time, nothing kept in the process."""
    return Settings(
        redis_url=redis_server.url,
        redis_retry_interval=0.1,
        redis_timeout=1.0,
        memory_cache_bytes=0,
    )


def with_cache(settings: Settings, use: Callable[[RedisCache], Awaitable[T]]) -> T:
    async def scenario() -> T:
        cache = create_cache(settings)
        assert isinstance(cache, RedisCache)
        try:
            return await use(cache)
        finally:
            await cache.close()

    return asyncio.run(scenario())


def test_redis_keeps_values_for_their_time(redis_settings, redis_server):
    async def use(cache: RedisCache) -> list[bytes | None]:
        await cache.set("key", b"value", 100)
        return [await cache.get("key"), await cache.get("other")]

    assert with_cache(redis_settings, use) == [b"value", None]
    with redis_server.client() as client:
        assert 0 < client.ttl("key") <= 100


def test_redis_that_dies_is_missed_once_in_the_log(redis_settings, redis_server, caplog):
    async def use(cache: RedisCache) -> bytes | None:
        await cache.set("key", b"value", 100)
        redis_server.stop()
        for _ in range(10):
            assert await cache.get("key") is None
            await asyncio.sleep(0.03)
        redis_server.start()
        await asyncio.sleep(0.5)
        await cache.set("key", b"again", 100)
        return await cache.get("key")

    with caplog.at_level(logging.WARNING, logger="app.cache.breaker"):
        assert with_cache(redis_settings, use) == b"again"
    messages = [record.message for record in caplog.records]
    assert len(messages) == 2
    assert "going on without" in messages[0]
    assert "answers again" in messages[1]


def test_service_answers_from_redis_and_without_it(
    redis_settings, redis_server, ensemble, rocksalt_cif
):
    with serving(redis_settings, ensemble) as client:
        states = [post(client, rocksalt_cif).json()["cache"] for _ in range(2)]
        redis_server.stop()
        states += [post(client, rocksalt_cif).json()["cache"] for _ in range(2)]
    assert states == ["miss", "hit", "miss", "miss"]


def test_answers_at_hand_need_no_redis(redis_settings, redis_server, ensemble, rocksalt_cif):
    with serving(redis_settings.model_copy(update={"memory_cache_bytes": 10_000}), ensemble) as one:
        states = [post(one, rocksalt_cif).json()["cache"]]
        with serving(Settings(redis_url=redis_server.url), ensemble) as other:
            states.append(post(other, rocksalt_cif).json()["cache"])
            redis_server.stop()
            states += [post(client, rocksalt_cif).json()["cache"] for client in (one, other)]
    assert states == ["miss", "hit", "hit", "hit"]
    assert ensemble.calls == [1]


def test_answers_outlive_the_service(redis_settings, ensemble, rocksalt_cif):
    states = []
    for _ in range(2):
        with serving(redis_settings, ensemble) as client:
            states.append(post(client, rocksalt_cif).json()["cache"])
    assert states == ["miss", "hit"]


@pytest.mark.parametrize("limit", ["max_bonds", "max_sites"])
def test_an_answer_is_not_for_a_service_of_other_limits(
    redis_settings, ensemble, rocksalt_cif, limit
):
    statuses = []
    for settings in (redis_settings, redis_settings.model_copy(update={limit: 1})):
        with serving(settings, ensemble) as client:
            statuses.append(post(client, rocksalt_cif).status_code)
    assert statuses == [200, 413]


def test_an_entry_that_cannot_be_read_is_a_miss(
    redis_settings, redis_server, ensemble, rocksalt_cif
):
    with serving(redis_settings, ensemble) as client:
        post(client, rocksalt_cif)
        with redis_server.client() as store:
            keys = store.keys("paraisite:*")
            assert len(keys) == 2  # of the text, and of the crystal
            for key in keys:
                store.set(key, b'{"ltc": "nonsense"}')
    with serving(redis_settings, ensemble) as client:  # another one, with nothing at hand
        assert post(client, rocksalt_cif).json()["cache"] == "miss"
        assert post(client, rocksalt_cif).json()["cache"] == "hit"
