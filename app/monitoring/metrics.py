"""Prometheus metrics of one app, by subject."""

from collections.abc import Awaitable, Callable
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

LAGS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)  # s
LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)  # s

Labelled = TypeVar("Labelled", Counter, Histogram)


def children(metric: Labelled) -> Callable[..., Labelled]:
    """Return the function from labels to the metric's child; each child is looked up once only."""
    return cache(metric.labels)


class Metrics:
    """Counters and histograms of one app, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._of_all: Callable[[], Awaitable[bytes]] | None = None
        ProcessCollector(registry=self._registry)  # memory, processor time, descriptors
        self.connections = ConnectionMetrics(self._registry)
        self.requests = RequestMetrics(self._registry)
        self.work = WorkMetrics(self._registry)
        self.faults = FaultMetrics(self._registry)
        self.loop_lag = Histogram(
            "paraisite_loop_lag_seconds",
            "Time that the event loop was late, measured ten times a second.",
            buckets=LAGS,
            registry=self._registry,
        )

    def own_exposition(self) -> bytes:
        """Return the metrics of this process in the Prometheus text format."""
        return generate_latest(self._registry)

    async def exposition(self) -> bytes:
        """Return the metrics in the Prometheus text format, of all workers where there are more."""
        return await self._of_all() if self._of_all else self.own_exposition()

    def follow_siblings(self, of_all: Callable[[], Awaitable[bytes]]) -> None:
        """Read the metrics of all workers from `of_all`."""
        self._of_all = of_all


class ConnectionMetrics:
    """Connections, open and refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open = Gauge(
            "paraisite_open_connections", "Open connections of clients.", registry=registry
        )
        self._refused = Counter(
            "paraisite_connections_refused",
            "Connections ended before a request reached the app, by reason.",
            ("reason",),
            registry=registry,
        )

    def follow(self, count: Callable[[], int]) -> None:
        """Read the gauge of open connections from `count`."""
        self._open.set_function(count)

    def note_refusal(self, reason: str) -> None:
        """Count a connection that was ended for this reason."""
        self._refused.labels(reason).inc()


class RequestMetrics:
    """Requests: those under way, and how they were answered."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route", "status")
        answered = Counter("paraisite_requests", "Requests answered.", labels, registry=registry)
        latency = Histogram(
            "paraisite_request_seconds",
            "Time from request to answer in seconds.",
            ("route",),
            buckets=LATENCIES,
            registry=registry,
        )
        self._problems = Counter(
            "paraisite_problems",
            "Requests that ended in an error, by the type of problem.",
            ("type",),
            registry=registry,
        )
        self._in_flight = Gauge(
            "paraisite_requests_in_flight",
            "Requests in work or waiting for their turn.",
            registry=registry,
        )
        self._body_bytes = Gauge(
            "paraisite_body_bytes_in_flight",
            "Bytes of request bodies that are arriving.",
            registry=registry,
        )
        self._answered_of, self._latency_of = children(answered), children(latency)

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request, by the template of its route, and its time."""
        self._answered_of(method, route, str(status)).inc()
        self._latency_of(route).observe(seconds)

    def note_problem(self, kind: str) -> None:
        """Count a request that ended in this type of problem."""
        self._problems.labels(kind).inc()

    def follow_queue(self, length: Callable[[], int]) -> None:
        """Read the gauge of requests in flight from `length`."""
        self._in_flight.set_function(length)

    def follow_bodies(self, n_bytes: Callable[[], int]) -> None:
        """Read the gauge of bytes of bodies that are arriving from `n_bytes`."""
        self._body_bytes.set_function(n_bytes)


class WorkMetrics:
    """Work on crystals: what the cache had, and what was computed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        lookups = Counter(
            "paraisite_cache_lookups",
            "Lookups in the cache.",
            ("kind", "result"),
            registry=registry,
        )
        crystals = Counter(
            "paraisite_crystals_computed",
            "Crystals put through an ensemble.",
            ("ensemble",),
            registry=registry,
        )
        steps = Histogram(
            "paraisite_step_seconds",
            "Time of one step of a prediction in seconds.",
            ("step",),
            buckets=LATENCIES,
            registry=registry,
        )
        self._lookups_of, self._crystals_of = children(lookups), children(crystals)
        self._steps_of = children(steps)

    def note_lookup(self, kind: str, *, hit: bool) -> None:
        """Count a lookup in the cache for this kind of entry."""
        self._lookups_of(kind, "hit" if hit else "miss").inc()

    def note_crystal(self, ensemble: str) -> None:
        """Count a crystal that this ensemble computed."""
        self._crystals_of(ensemble).inc()

    def note_step(self, step: str, seconds: float) -> None:
        """Count the time of one step of a prediction."""
        self._steps_of(step).observe(seconds)


class FaultMetrics:
    """Faults of the services behind this one: the Materials Project and Redis."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._breakers = Gauge(
            "paraisite_breaker_open",
            "Whether a service behind this one is left alone because it failed (1) or not (0).",
            ("service",),
            registry=registry,
        )
        self._redis_refusals = Gauge(
            "paraisite_redis_refused_commands",
            "Commands that Redis has refused since the start.",
            registry=registry,
        )
        self._redis_rejections = Gauge(
            "paraisite_redis_rejected_values",
            "Values found in Redis since the start that the service has not written there.",
            registry=registry,
        )

    def follow_breaker(self, service: str, is_open: Callable[[], bool]) -> None:
        """Read the state of a circuit breaker from `is_open`."""
        self._breakers.labels(service).set_function(is_open)

    def follow_redis_refusals(self, count: Callable[[], int]) -> None:
        """Read the number of refused commands from `count`."""
        self._redis_refusals.set_function(count)

    def follow_redis_rejections(self, count: Callable[[], int]) -> None:
        """Read the number of rejected values from `count`."""
        self._redis_rejections.set_function(count)
