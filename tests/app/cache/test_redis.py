"""Redis that refuses, hangs, is a cluster or speaks TLS; addresses that are none."""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TypeVar

import pytest
from pydantic import ValidationError

from app.cache.redis import CONNECTIONS, RedisCache
from app.settings import Settings
from tests.app.api.test_predict import post
from tests.app.conftest import serving
from tests.redis_server import RedisServer
from tests.tls import certificate, tls_end

T = TypeVar("T")


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


def with_redis(url: str, use: Callable[[RedisCache], Awaitable[T]], timeout: float = 1.0) -> T:
    async def scenario() -> T:
        cache = RedisCache(url, timeout, retry_interval=0.1)
        try:
            return await use(cache)
        finally:
            await cache.close()

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("localhost:6379", "scheme"),
        ("redis.example", "scheme"),
        ("http://localhost:6379", "scheme"),
        ("redis://", "no host"),
        ("redis://:pass/wOrd@host:6379/0", "percent-encoded"),
        ("redis://:pass@wOrd/x@host:6379/0", "percent-encoded"),
        ("redis://host:port", "percent-encoded"),
        ("redis://host/database", "database"),
        ("redis://:pass@host/0?ssl_cert_reqs=none", "ssl_cert_reqs"),
        ("redis://:pass@host/0?ssl=true", "ssl"),
        ("redis://:pass@host/0?timeout=5", "timeout"),
        ("redis://:pass@host/0?max_connections=many", "option"),
        ("redis://:pass@host/0?protocol=7", "option"),
        ("rediss://:pass@host/0?ssl_cert_reqs=maybe", "option"),
        ("rediss://:pass@host/0?ssl_ca_certs=/nothing/here", "ssl_ca_certs"),
    ],
)
def test_a_wrong_address_stops_the_start_by_the_settings_name(monkeypatch, url, complaint):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ValidationError, match=complaint) as refused:
        Settings()
    assert "redis_url" in str(refused.value)
    for secret in ("pass", "wOrd"):
        assert secret not in str(refused.value).replace("password", "")
        assert secret not in repr(refused.value.__context__)


@pytest.mark.parametrize(
    "url",
    [
        "redis://host",
        "redis://user:p%2Fss@host:6379/3?max_connections=8",
        "rediss://host:6380/0?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=1",
        "redis+cluster://host:7000",
        "rediss+cluster://host:7000",
    ],
)
def test_addresses_that_redis_takes_are_accepted(url):
    settings = Settings(redis_url=url)
    assert settings.redis_url is not None


def refuse_for_memory(server: RedisServer) -> None:
    server.client().config_set("maxmemory-policy", "noeviction")
    server.client().config_set("maxmemory", "1")


def refuse_as_replica(server: RedisServer) -> None:
    server.client().config_set("replica-serve-stale-data", "yes")
    server.client().replicaof("127.0.0.1", "1")


def refuse_by_rights(server: RedisServer) -> None:
    server.client().execute_command("ACL", "SETUSER", "default", "-set")


@pytest.mark.parametrize("refuse", [refuse_for_memory, refuse_as_replica, refuse_by_rights])
def test_a_refused_write_leaves_the_reads_on(redis_server, refuse, caplog):
    async def use(cache: RedisCache) -> list[bytes | None]:
        await cache.set("key", b"value", 100)
        refuse(redis_server)
        for _ in range(5):
            await cache.set("other", b"value", 100)
        return [await cache.get("key"), await cache.get("other")]

    with caplog.at_level(logging.WARNING, logger="app.cache.breaker"):
        assert with_redis(redis_server.url, use) == [b"value", None]
    (warning,) = [record.message for record in caplog.records]  # once, not for every write
    assert "refuses" in warning


def test_an_entry_of_another_type_is_a_miss_and_no_outage(redis_server):
    redis_server.client().lpush("list", "x")

    async def use(cache: RedisCache) -> tuple[bytes | None, bool, bytes | None]:
        await cache.set("key", b"value", 100)
        return await cache.get("list"), cache.breaker.is_open, await cache.get("key")

    assert with_redis(redis_server.url, use) == (None, False, b"value")


def test_more_commands_at_once_than_connections_are_no_outage(redis_server):
    async def use(cache: RedisCache) -> tuple[bool, bytes | None]:
        await cache.set("key", b"value", 100)
        await asyncio.gather(*(cache.get("key") for _ in range(3 * CONNECTIONS)))
        return cache.breaker.is_open, await cache.get("key")

    assert with_redis(redis_server.url, use) == (False, b"value")


def test_a_redis_that_hangs_costs_its_timeout_until_the_breaker_opens_and_nothing_after(
    redis_server,
):
    async def use(cache: RedisCache) -> tuple[list[float], bool, bytes | None]:
        await cache.set("key", b"value", 100)
        redis_server.process.send_signal(signal.SIGSTOP)
        durations = []
        for _ in range(20):
            start = time.perf_counter()
            assert await cache.get("key") is None
            durations.append(time.perf_counter() - start)
            await asyncio.sleep(0.02)  # probes go on meanwhile
        redis_server.process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.5)
        return durations, cache.breaker.is_open, await cache.get("key")

    (first, *others), still_open, value = with_redis(redis_server.url, use, timeout=0.05)
    assert first < 0.3  # 50 ms, and what a busy machine adds
    assert median(others) < 0.005
    assert (still_open, value) == (False, b"value")


def test_an_answer_costs_one_timeout_however_many_entries_it_looks_up(
    redis_server, ensemble, rocksalt_cif
):
    def settings(timeout: float) -> Settings:
        return Settings(
            redis_url=redis_server.url, redis_timeout=timeout, redis_retry_interval=60.0
        )

    with serving(settings(2.0), ensemble) as client:
        redis_server.process.send_signal(signal.SIGSTOP)
        start = time.perf_counter()
        assert post(client, rocksalt_cif).status_code == 200
        assert time.perf_counter() - start < 4.0  # which two would take
    redis_server.process.send_signal(signal.SIGCONT)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisServer]:
    """A cluster of one node, which holds all slots."""
    while (port := free_port()) > 55_000:  # the cluster's bus listens 10,000 above
        pass
    server = RedisServer(tmp_path, "--cluster-enabled", "yes", port=port)
    server.start()
    client = server.client()
    for first in range(0, 16384, 1024):
        client.execute_command("CLUSTER", "ADDSLOTS", *range(first, first + 1024))
    deadline = time.monotonic() + 10
    while client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield server
    server.stop()


def test_a_cluster_is_a_cache(cluster):
    async def use(cache: RedisCache) -> list[bytes | None]:
        for name in "abc":
            await cache.set(name, name.encode(), 100)
        return [await cache.get(name) for name in "abcd"]

    url = f"redis+cluster://127.0.0.1:{cluster.port}"
    assert with_redis(url, use) == [b"a", b"b", b"c", None]


def test_a_cluster_that_is_away_is_a_miss():
    async def use(cache: RedisCache) -> tuple[bytes | None, bool]:
        return await cache.get("key"), cache.breaker.is_open

    url = f"redis+cluster://127.0.0.1:{free_port()}"
    assert with_redis(url, use) == (None, True)


@pytest.fixture
def tls(redis_server: RedisServer, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of a TLS end in front of Redis, and its certificate."""
    cert, key = certificate(tmp_path)
    with tls_end(cert, key, redis_server.socket) as port:
        yield port, cert


def test_redis_behind_tls_is_a_cache_and_its_certificate_is_checked(tls):
    port, cert = tls

    async def use(cache: RedisCache) -> bytes | None:
        await cache.set("key", b"value", 100)
        return await cache.get("key")

    url = f"rediss://127.0.0.1:{port}/0"
    assert with_redis(f"{url}?ssl_ca_certs={cert}", use) == b"value"
    assert with_redis(url, use) is None  # signed by nobody known


def test_requests_are_counted_by_all_processes_together_and_alone_without_redis(
    redis_server, ensemble
):
    settings = Settings(redis_url=redis_server.url, rate_limit="4/minute", redis_timeout=1.0)
    with serving(settings, ensemble) as one, serving(settings, ensemble) as other:
        statuses = [app.get("/ensembles").status_code for app in (one, other) * 3]
        assert statuses == [200, 200, 200, 200, 429, 429]
        redis_server.stop()
        statuses = [one.get("/ensembles").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 200, 429]
