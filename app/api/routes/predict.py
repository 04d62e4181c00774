"""POST /predict and GET /predict/{material_id}."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from app.api.dependencies import EnsembleName, PredictorDep, query_of
from app.api.direct import DirectRoute
from app.api.problems import problem_responses
from app.api.upload import REQUEST_BODY, read_upload
from app.api.while_connected import while_connected
from app.errors import (
    BodyTimeout,
    InvalidRequest,
    NotReady,
    RequestTimeout,
    UnsupportedMediaType,
    WorkStopped,
)
from app.schemas import Answer
from app.service.predictor import Reply
from app.service.runtime import Runtime
from models import errors

router = APIRouter(tags=["predict"])

UPLOAD_ERRORS = (
    errors.UnreadableStructure,
    errors.NoStructure,
    errors.SeveralStructures,
    UnsupportedMediaType,
    BodyTimeout,
)
STRUCTURE_ERRORS = (
    errors.DisorderedStructure,
    errors.UnsupportedElement,
    errors.OverlappingSites,
    errors.IsolatedAtom,
    errors.StructureTooLarge,
)
SERVICE_ERRORS = (
    errors.UnknownEnsemble,
    errors.DamagedEnsemble,
    errors.Overloaded,
    InvalidRequest,
    NotReady,
    RequestTimeout,
    WorkStopped,
)


async def predict_cif(request: Request, ensemble: EnsembleName = None) -> Response:
    """Predict the lattice thermal conductivity of the crystal in a structure file."""
    # Not as dependencies, which would take a tenth of the time of a cached answer.
    runtime: Runtime = request.app.state.runtime
    predictor = runtime.ready()
    content = await read_upload(request, runtime.settings)
    reply = predictor.answered(content, ensemble)
    if reply is None:
        reply = await while_connected(request, predictor.predict_file(content, ensemble))
    return answer(reply)


router.add_api_route(
    "/predict",
    predict_cif,
    methods=["POST"],
    response_model=Answer,
    responses=problem_responses(
        *UPLOAD_ERRORS,
        *STRUCTURE_ERRORS,
        *SERVICE_ERRORS,
    ),
    openapi_extra={"requestBody": REQUEST_BODY},
    dependencies=[Depends(query_of("ensemble"))],
    route_class_override=DirectRoute,
)


@router.get(
    "/predict/{material_id}",
    response_model=Answer,
    responses=problem_responses(
        errors.InvalidMaterialId,
        errors.UnknownMaterial,
        errors.MaterialsProjectKeyMissing,
        errors.MaterialsProjectUnavailable,
        *STRUCTURE_ERRORS,
        *SERVICE_ERRORS,
    ),
    dependencies=[Depends(query_of("ensemble"))],
)
async def predict_material(
    request: Request,
    material_id: Annotated[str, Path(description="Materials Project id.", examples=["mp-9127"])],
    predictor: PredictorDep,
    ensemble: EnsembleName = None,
) -> Response:
    """Predict the lattice thermal conductivity of a material of the Materials Project."""
    work = predictor.predict_material(material_id, ensemble)
    return answer(await while_connected(request, work))


def answer(reply: Reply) -> Response:
    """Return the response; its body is JSON already, as the cache holds it."""
    headers = {"Server-Timing": server_timing(reply)}
    return Response(reply.answer, headers=headers, media_type="application/json")


def server_timing(reply: Reply) -> str:
    """Return the durations of the steps in milliseconds, as the Server-Timing header has them."""
    return ", ".join(f"{step};dur={1e3 * s:.2f}" for step, s in reply.seconds.items())
