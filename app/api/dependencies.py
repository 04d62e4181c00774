"""Dependencies of the routes, as annotated aliases.

All of them are coroutines though none waits: a plain function would be run in a thread, which takes
longer than the rest of a cached answer.
"""

from typing import Annotated

from fastapi import Depends, Query, Request

from app.service.ensembles import Ensembles
from app.service.predictor import Predictor
from app.service.runtime import Runtime


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

EnsembleName = Annotated[
    str | None,
    Query(
        alias="ensemble",
        max_length=100,
        description="Ensemble that answers, one of GET /ensembles; left out: the default one.",
    ),
]
