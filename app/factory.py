"""Makes the app from its settings."""

import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI
from starlette.types import ASGIApp

from app import __version__
from app.api.middleware.envelope import Envelope
from app.api.middleware.stack import add_middleware
from app.api.problems import MEDIA_TYPE, add_problem_handlers
from app.api.routes import (
    batch,
    docs,
    ensembles,
    health,
    info,
    page,
    predict,
    problems,
    structure,
)
from app.cache import create_cache
from app.cache.base import Cache
from app.cache.memory import MemoryCache
from app.monitoring.lag import measuring_lag
from app.monitoring.metrics import FaultMetrics, Metrics
from app.service.ensembles import load_ensembles
from app.service.materials import MaterialSource
from app.service.predictor import n_threads
from app.service.runtime import LoadEnsembles, Runtime
from app.service.watched import Watched
from app.service.work_register import WorkerSlot, WorkRegister
from app.settings import Settings
from models.structure.materials_project.client import MaterialsProject

if TYPE_CHECKING:
    from app.cache.redis import RedisCache

DESCRIPTION = (
    "Lattice thermal conductivity of a crystal at 300 K, predicted by an ensemble of "
    "crystal-graph networks, with its spread. Every error is `application/problem+json`."
)

ANY_PROBLEM = {
    "description": "Any other error, such as a request that is not HTTP, or a failure.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Service(FastAPI):
    """A FastAPI app whose answers all have an id and security headers, failures included.

    Its OpenAPI document gives errors their own media type, and each call those of all calls.
    """

    def build_middleware_stack(self) -> ASGIApp:
        """Return the app with all middleware around it."""
        settings: Settings = self.state.runtime.settings
        keyed = settings.api_keys_file is not None
        return Envelope(super().build_middleware_stack(), keyed=keyed)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if self.openapi_schema is None:
            _describe_problems(super().openapi())
        return super().openapi()


def create_app(
    settings: Settings | None = None,
    *,
    load: LoadEnsembles | None = load_ensembles,
    materials: MaterialSource | None = None,
    on_failure: Callable[[], None] | None = None,
    slot: WorkerSlot | None = None,
) -> FastAPI:
    """Return the app; it loads the ensembles when it starts, and is live while it does.

    `load` gives the ensembles (None: there will be none) and `materials` the structures by id.
    `on_failure` is called when loading fails; by default that ends the process. `slot` is where a
    supervisor sees what is in work; None: there is no supervisor.
    """
    settings = settings or Settings()
    metrics = Metrics()
    cache = create_cache(settings)
    source = materials or materials_project(settings)
    _follow_breakers(metrics.faults, cache, source)
    watched = Watched(slot or WorkerSlot(WorkRegister(1, n_threads(settings))))
    runtime = Runtime(settings, cache, source, metrics, watched)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with (
            measuring_lag(metrics.loop_lag),
            runtime.loading(load, on_failure or end_process),
        ):
            yield
        await runtime.close()

    app = Service(
        title="ParAIsite",
        version=__version__,
        description=DESCRIPTION,
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        docs_url=None,  # app.api.routes.docs
        redoc_url=None,
        redirect_slashes=False,  # the address would be made of the Host header, whatever that says
        lifespan=lifespan,
    )
    app.state.runtime = runtime
    app.state.metrics = metrics
    add_middleware(app, settings, cache, metrics)
    add_problem_handlers(app)
    for routes in (predict, page, docs, batch, structure, ensembles, health, info, problems):
        app.include_router(routes.router)
    return app


def _follow_breakers(metrics: FaultMetrics, cache: Cache, source: MaterialSource) -> None:
    """Show in the metrics what is left alone because it failed."""
    if isinstance(source, MaterialsProject):
        metrics.follow_breaker("materials-project", lambda: source.is_left_alone)
    if not isinstance(cache, MemoryCache):
        redis = cast("RedisCache", cache)
        metrics.follow_breaker("redis", lambda: redis.breaker.is_open)
        metrics.follow_redis_refusals(lambda: redis.breaker.refusals)
        metrics.follow_redis_rejections(lambda: redis.rejected)


def materials_project(settings: Settings) -> MaterialsProject:
    """Return the Materials Project as the settings say how to reach it."""
    key = settings.mp_api_key
    return MaterialsProject(
        key.get_secret_value() if key else None,
        endpoint=settings.mp_api_endpoint,
        timeout=settings.mp_timeout,
    )


def end_process() -> None:
    """Ask the server to stop, as an operator would."""
    signal.raise_signal(signal.SIGTERM)


def _describe_problems(document: dict[str, Any]) -> None:
    """Give the errors in an OpenAPI document their media type, and each call those of all calls."""
    document["components"]["responses"] = {"Problem": ANY_PROBLEM}
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                _mark_problem(response.get("content", {}))
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}


def _mark_problem(content: dict[str, Any]) -> None:
    """Give an error the media type it is answered with, alone."""
    if MEDIA_TYPE in content:
        for other in set(content) - {MEDIA_TYPE}:
            content[MEDIA_TYPE].update(content.pop(other))
