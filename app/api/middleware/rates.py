"""A limit on how many requests one client may make."""

from ipaddress import IPv6Address, ip_address

from limits import parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.middleware.paths import path_of
from app.api.problems import problem_response
from app.cache.base import Cache
from app.cache.breaker import Breaker
from app.cache.redis import RedisCache
from app.errors import RateLimited

UNLIMITED = ("/health/", "/static/", "/metrics")
PREFIX = "paraisite:rate"
NETWORK_BITS = 64  # of an IPv6 address: what one customer is given at least


class Rate:
    """Requests of each client over a sliding window, in Redis while it answers.

    A cluster's nodes would have to be counted on together: there, each process counts alone.
    """

    def __init__(self, rate: str, cache: Cache) -> None:
        self._item = parse(rate)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = _shared(cache)

    async def allows(self, client: str) -> bool:
        """Count a request; return whether the client may make it."""
        if self._shared is not None:
            breaker, counts = self._shared
            allowed = await breaker.run(lambda: counts.hit(self._item, client))
            if allowed is not None:
                return allowed
        return await self._own.hit(self._item, client)

    @property
    def retry_after(self) -> int:
        """Seconds after which a client that keeps to the rate may make a request again."""
        return max(1, round(self._item.get_expiry() / self._item.amount))


def _shared(cache: Cache) -> tuple[Breaker, SlidingWindowCounterRateLimiter] | None:
    """Return the counts in Redis and the breaker around it, where there is one Redis."""
    if not isinstance(cache, RedisCache) or not isinstance(cache.client, Redis):
        return None
    storage = RedisStorage(
        "async+redis://",
        implementation="redispy",
        key_prefix=PREFIX,
        connection_pool=cache.client.connection_pool,  # type: ignore[arg-type]
    )
    return cache.breaker, SlidingWindowCounterRateLimiter(storage)


class RateLimit:
    """ASGI middleware that refuses the requests that are too many."""

    def __init__(self, app: ASGIApp, rate: Rate) -> None:
        self._app = app
        self._rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its client may make it."""
        if scope["type"] != "http" or path_of(scope).startswith(UNLIMITED):
            await self._app(scope, receive, send)
            return
        client = client_of(scope)
        if await self._rate.allows(client):
            await self._app(scope, receive, send)
            return
        seconds = self._rate.retry_after
        detail = f"Too many requests; wait {seconds} s, or send them more slowly."
        response = problem_response(HTTPConnection(scope), RateLimited, detail)
        response.headers["Retry-After"] = str(seconds)
        await response(scope, receive, send)


def client_of(scope: Scope) -> str:
    """Return who makes the request: the user of its API key, else the network it comes from."""
    if scope.get("user"):
        return f"user {scope['user']}"
    host = scope["client"][0] if scope["client"] else "unknown"
    try:
        address = ip_address(host)
    except ValueError:  # a Unix socket
        return host
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:  # as proxies with one socket for both have it
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> (128 - NETWORK_BITS) << (128 - NETWORK_BITS)))
    return host
