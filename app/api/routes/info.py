"""GET /info: what runs here."""

from fastapi import APIRouter, Depends

from app import __version__
from app.api.dependencies import RuntimeDep, query_of
from app.api.problems import problem_responses
from app.errors import InvalidRequest
from app.schemas import EnsembleReference, Info, InfoLimits
from models.code import code_digest

router = APIRouter(tags=["health"])


@router.get(
    "/info", responses=problem_responses(InvalidRequest), dependencies=[Depends(query_of())]
)
async def info(runtime: RuntimeDep) -> Info:
    """Tell the versions of code and ensembles, and the limits on requests."""
    predictor, settings = runtime.predictor, runtime.settings
    loaded = predictor.ensembles.by_name.values() if predictor else ()
    return Info(
        version=__version__,
        code=code_digest(),
        ready=predictor is not None,
        ensembles=[EnsembleReference(name=e.name, digest=e.digest) for e in loaded],
        limits=InfoLimits(
            max_upload_bytes=settings.max_upload_bytes,
            max_sites=settings.max_sites,
            max_bonds=settings.max_bonds,
            request_timeout=settings.request_timeout,
            rate_limit=settings.rate_limit,
        ),
    )
