"""Dependencies of the routes, as annotated aliases.

All of them are coroutines though none waits: a plain function would be run in a thread, which takes
longer than the rest of a cached answer.
"""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from app.errors import InvalidRequest
from app.service.ensembles import Ensembles
from app.service.predictor import Predictor
from app.service.runtime import Runtime

SHOWN = 40  # characters of a name that a message repeats


async def get_runtime(request: Request) -> Runtime:
    """Return what the app was made with."""
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]


async def get_predictor(runtime: RuntimeDep) -> Predictor:
    """Return the predictor. Raises NotReady until every ensemble is loaded and checked."""
    return runtime.ready()


PredictorDep = Annotated[Predictor, Depends(get_predictor)]


async def get_ensembles(predictor: PredictorDep) -> Ensembles:
    """Return the loaded ensembles. Raises NotReady."""
    return predictor.ensembles


EnsemblesDep = Annotated[Ensembles, Depends(get_ensembles)]


def query_of(*names: str) -> Callable[[Request], Coroutine[Any, Any, None]]:
    """Return a dependency that takes parameters of these names, each once.

    Another ensemble than the one that is meant would answer without a word. Raises InvalidRequest.
    """

    async def check(request: Request) -> None:
        given = [name for name, _ in request.query_params.multi_items()]
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise InvalidRequest(
                f"There is no query parameter {unknown[0][:SHOWN]!r}; the call takes "
                f"{', '.join(names) or 'none'}."
            )
        repeated = [name for name in names if given.count(name) > 1]
        if repeated:
            raise InvalidRequest(f"The query has {repeated[0]!r} several times; give it once.")

    return check


EnsembleName = Annotated[
    str | None,
    Query(
        alias="ensemble",
        max_length=100,
        description="Ensemble that answers, one of GET /ensembles; left out: the default one.",
    ),
]
