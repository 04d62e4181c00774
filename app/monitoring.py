"""Prometheus metrics of one app, and the ASGI middleware that counts its requests."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LAG_EVERY = 0.1  # s between measurements of the event loop's lag
LAGS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)  # s
LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)  # s

Labelled = TypeVar("Labelled", Counter, Histogram)


def children(metric: Labelled) -> Callable[..., Labelled]:
    """Return the function from labels to the metric's child; each child is looked up once only."""
    return cache(metric.labels)


class Metrics:
    """Counters and histograms of one app, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)  # memory, processor time, descriptors
        self.requests = Counter(
            "paraisite_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.latency = Histogram(
            "paraisite_request_seconds",
            "Time from request to answer in seconds.",
            ("route",),
            buckets=LATENCIES,
            registry=self.registry,
        )
        self.cache = Counter(
            "paraisite_cache_lookups",
            "Lookups in the cache.",
            ("kind", "result"),
            registry=self.registry,
        )
        self.crystals = Counter(
            "paraisite_crystals_computed",
            "Crystals put through an ensemble.",
            ("ensemble",),
            registry=self.registry,
        )
        self.steps = Histogram(
            "paraisite_step_seconds",
            "Time of one step of a prediction in seconds.",
            ("step",),
            buckets=LATENCIES,
            registry=self.registry,
        )
        self.in_flight = Gauge(
            "paraisite_requests_in_flight",
            "Requests in work or waiting for their turn.",
            registry=self.registry,
        )
        self.body_bytes = Gauge(
            "paraisite_body_bytes_in_flight",
            "Bytes of request bodies that are arriving.",
            registry=self.registry,
        )
        self.connections = Gauge(
            "paraisite_open_connections", "Open connections of clients.", registry=self.registry
        )
        self.refusals = Counter(
            "paraisite_connections_refused",
            "Connections ended before a request reached the app, by reason.",
            ("reason",),
            registry=self.registry,
        )
        self.problems = Counter(
            "paraisite_problems",
            "Requests that ended in an error, by the type of problem.",
            ("type",),
            registry=self.registry,
        )
        self.loop_lag = Histogram(
            "paraisite_loop_lag_seconds",
            "Time that the event loop was late, measured ten times a second.",
            buckets=LAGS,
            registry=self.registry,
        )
        self.breakers = Gauge(
            "paraisite_breaker_open",
            "Whether a service behind this one is left alone because it failed (1) or not (0).",
            ("service",),
            registry=self.registry,
        )
        self.redis_refusals = Gauge(
            "paraisite_redis_refused_commands",
            "Commands that Redis has refused since the start.",
            registry=self.registry,
        )
        self.redis_rejections = Gauge(
            "paraisite_redis_rejected_values",
            "Values found in Redis since the start that the service has not written there.",
            registry=self.registry,
        )
        self._of_all: Callable[[], Awaitable[bytes]] | None = None
        self._requests_of = children(self.requests)
        self._latency_of = children(self.latency)
        self._lookups_of = children(self.cache)
        self._crystals_of = children(self.crystals)
        self._steps_of = children(self.steps)

    def follow_queue(self, length: Callable[[], int]) -> None:
        """Read the gauge of requests in flight from `length`."""
        self.in_flight.set_function(length)

    def follow_bodies(self, n_bytes: Callable[[], int]) -> None:
        """Read the gauge of bytes of bodies that are arriving from `n_bytes`."""
        self.body_bytes.set_function(n_bytes)

    def follow_connections(self, count: Callable[[], int]) -> None:
        """Read the gauge of open connections from `count`."""
        self.connections.set_function(count)

    def follow_breaker(self, service: str, is_open: Callable[[], bool]) -> None:
        """Read the state of a circuit breaker from `is_open`."""
        self.breakers.labels(service).set_function(is_open)

    def follow_redis_refusals(self, count: Callable[[], int]) -> None:
        """Read the number of refused commands from `count`."""
        self.redis_refusals.set_function(count)

    def follow_redis_rejections(self, count: Callable[[], int]) -> None:
        """Read the number of rejected values from `count`."""
        self.redis_rejections.set_function(count)

    def note_problem(self, kind: str) -> None:
        """Count a request that ended in this type of problem."""
        self.problems.labels(kind).inc()

    def note_refusal(self, reason: str) -> None:
        """Count a connection that was ended for this reason."""
        self.refusals.labels(reason).inc()

    def note_lookup(self, kind: str, *, hit: bool) -> None:
        """Count a lookup in the cache for this kind of entry."""
        self._lookups_of(kind, "hit" if hit else "miss").inc()

    def note_crystal(self, ensemble: str) -> None:
        """Count a crystal that this ensemble computed."""
        self._crystals_of(ensemble).inc()

    def note_step(self, step: str, seconds: float) -> None:
        """Count the time of one step of a prediction."""
        self._steps_of(step).observe(seconds)

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request, by the template of its route, and its time."""
        self._requests_of(method, route, str(status)).inc()
        self._latency_of(route).observe(seconds)

    def own_exposition(self) -> bytes:
        """Return the metrics of this process in the Prometheus text format."""
        return generate_latest(self.registry)

    async def exposition(self) -> bytes:
        """Return the metrics in the Prometheus text format, of all workers where there are more."""
        return await self._of_all() if self._of_all else self.own_exposition()

    def follow_siblings(self, of_all: Callable[[], Awaitable[bytes]]) -> None:
        """Read the metrics of all workers from `of_all`."""
        self._of_all = of_all


class RequestMetrics:
    """ASGI middleware that counts and times every HTTP request by its route's template."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # unless an answer says otherwise
        start = time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            # The path itself would make a new time series of every id that is asked for.
            route = getattr(scope.get("route"), "path", "unmatched")
            seconds = time.perf_counter() - start
            self._metrics.note_request(scope["method"], route, status, seconds)
            if problem := scope.get("problem"):
                self._metrics.note_problem(problem)


@contextlib.asynccontextmanager
async def measuring_lag(metrics: Metrics) -> AsyncIterator[None]:
    """Measure the event loop's lag meanwhile."""
    task = asyncio.create_task(_measure_lag(metrics))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _measure_lag(metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    while True:
        expected = loop.time() + LAG_EVERY
        await asyncio.sleep(LAG_EVERY)
        metrics.loop_lag.observe(max(0.0, loop.time() - expected))
