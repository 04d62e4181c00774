"""The order of all middleware."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from app.api.middleware.access import Access
from app.api.middleware.bodies import Bodies, BodyLimits
from app.api.middleware.head import HeadAsGet
from app.api.middleware.hosts import TrustedHosts
from app.api.middleware.keys import ApiKeys
from app.cache.base import Cache
from app.monitoring.metrics import Metrics
from app.monitoring.requests import CountedRequests
from app.settings import Settings


def add_middleware(app: FastAPI, settings: Settings, cache: Cache, metrics: Metrics) -> None:
    """Add what every request passes, the innermost first."""
    bodies = Bodies(settings.max_body_bytes_in_flight)
    metrics.requests.follow_bodies(lambda: bodies.n_bytes)
    app.add_middleware(BodyLimits, bodies=bodies, settings=settings)
    if settings.rate_limit is not None:
        from app.api.middleware.rates import Rate, RateLimit  # noqa: PLC0415 - slow to import

        app.add_middleware(RateLimit, rate=Rate(settings.rate_limit, cache))
    # Read here: a file that cannot be used stops the start.
    keys = ApiKeys(settings.api_keys_file) if settings.api_keys_file else None
    app.add_middleware(Access, keys=keys, settings=settings)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
            expose_headers=["Retry-After", "Server-Timing", "X-Request-ID"],
        )
    if settings.trusted_hosts:
        app.add_middleware(TrustedHosts, hosts=settings.trusted_hosts)
    app.add_middleware(HeadAsGet)
    app.add_middleware(CountedRequests, metrics=metrics.requests)  # it counts them all
