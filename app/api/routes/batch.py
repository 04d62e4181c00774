"""POST /predict/batch."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.api.batch.items import read_batch
from app.api.batch.line import BatchLine, Work
from app.api.batch.response import MEDIA_TYPE, BatchResponse
from app.api.dependencies import EnsembleName, PredictorDep, RuntimeDep, query_of
from app.api.problems import problem_responses
from app.api.routes.predict import SERVICE_ERRORS
from app.api.upload import FIELD
from app.errors import BodyTimeout, UnsupportedMediaType
from app.screening.probability import DEFAULT, Thresholds
from models import errors

router = APIRouter(tags=["predict"])

SHARE = 2  # of the service's waiting places, one in so many is for one batch
Below = Annotated[float, Query(gt=0, description="Threshold of P(LTC < below), W/(m K).")]
Above = Annotated[float, Query(gt=0, description="Threshold of P(LTC > above), W/(m K).")]


async def get_thresholds(below: Below = DEFAULT.below, above: Above = DEFAULT.above) -> Thresholds:
    """Return the thresholds of a request."""
    return Thresholds(below, above)


ThresholdsDep = Annotated[Thresholds, Depends(get_thresholds)]
JSON_LINES = {"schema": {"type": "string", "description": "A JSON document in each line."}}
LIST = {
    "type": "array",
    "items": {"anyOf": [{"type": "string"}, {"type": "object"}]},
    "description": "Ids of the Materials Project, files as text, or structures in JSON.",
}
FILES = {
    "type": "object",
    "required": [FIELD],
    "properties": {FIELD: {"type": "array", "items": {"type": "string", "format": "binary"}}},
}
REQUEST_BODY = {
    "required": True,
    "description": "Many crystals: JSON lines (read as they arrive), a JSON list, files, or a zip.",
    "content": {
        MEDIA_TYPE: JSON_LINES,
        "application/json": {"schema": LIST},
        "multipart/form-data": {"schema": FILES},
        "application/zip": {"schema": {"type": "string", "format": "binary"}},
    },
}


@router.post(
    "/predict/batch",
    status_code=200,
    response_class=BatchResponse,
    responses={
        200: {"description": "A line for each crystal as soon as it is done.", "model": BatchLine},
        **problem_responses(
            UnsupportedMediaType,
            BodyTimeout,
            errors.NoStructure,
            errors.StructureTooLarge,
            *SERVICE_ERRORS,
        ),
    },
    openapi_extra={"requestBody": REQUEST_BODY},
    dependencies=[Depends(query_of("ensemble", "below", "above"))],
)
async def predict_batch(
    request: Request,
    runtime: RuntimeDep,
    predictor: PredictorDep,
    thresholds: ThresholdsDep,
    ensemble: EnsembleName = None,
) -> Response:
    """Predict for many crystals; each line of the answer is one crystal or its problem."""
    served = predictor.ensembles.get(ensemble)
    settings = runtime.settings
    batch = await read_batch(request, settings)
    work = Work(predictor, served, thresholds, request.url.path)
    return BatchResponse(batch, work.line, max(1, settings.max_queue // SHARE))
