"""POST /predict/batch."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from app.api.batch.items import Item, read_batch
from app.api.batch.response import MEDIA_TYPE, BatchResponse
from app.api.dependencies import EnsembleName, PredictorDep, RuntimeDep
from app.api.problems import STATUS, problem_of, problem_responses
from app.api.routes.predict import SERVICE_ERRORS
from app.api.upload import FIELD
from app.errors import Busy, InternalError, UnsupportedMediaType
from app.schemas import BatchLine
from app.service.predictor import Predictor
from models import errors

log = logging.getLogger(__name__)

router = APIRouter(tags=["predict"])

WAIT = 0.2  # s, after which a crystal that found no place asks again
SHARE = 2  # of the service's waiting places, one in so many is for one batch
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
            UnsupportedMediaType, errors.NoStructure, errors.StructureTooLarge, *SERVICE_ERRORS
        ),
    },
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def predict_batch(
    request: Request,
    runtime: RuntimeDep,
    predictor: PredictorDep,
    ensemble: EnsembleName = None,
) -> Response:
    """Predict for many crystals; each line of the answer is one crystal or its problem."""
    predictor.ensembles.get(ensemble)
    settings = runtime.settings
    batch = await read_batch(request, settings)
    work = Work(predictor, ensemble, request.url.path)
    return BatchResponse(batch, work.line, max(1, settings.max_queue // SHARE))


@dataclass(frozen=True)
class Work:
    """Makes the lines of a batch."""

    predictor: Predictor
    ensemble: str | None
    path: str

    async def line(self, item: Item) -> bytes:
        """Return the line of a crystal, with its answer or its problem."""
        head = orjson.dumps({"index": item.index, "name": item.name})[:-1]
        try:
            answer = await self._answer(item)
        except errors.ParaisiteError as error:
            return b'%b,"answer":null,"problem":%b}\n' % (head, self._problem(error))
        except Exception as error:  # one crystal's fault is no other's
            log.exception("A crystal of a batch failed")
            fault = InternalError(f"The service failed ({type(error).__name__}).")
            return b'%b,"answer":null,"problem":%b}\n' % (head, self._problem(fault))
        return b'%b,"answer":%b,"problem":null}\n' % (head, answer)

    async def _answer(self, item: Item) -> bytes:
        """Return the answer; a crystal that finds no place waits for one."""
        while True:
            try:
                return await self._predict(item)
            except Busy:
                await asyncio.sleep(WAIT)

    async def _predict(self, item: Item) -> bytes:
        if item.error is not None:
            raise item.error
        if item.material_id is not None:
            work = self.predictor.predict_material(item.material_id, self.ensemble)
        else:
            work = self.predictor.predict_file(item.content or b"", self.ensemble)
        return (await work).answer

    def _problem(self, error: errors.ParaisiteError) -> bytes:
        kind: Any = next((each for each in type(error).__mro__ if each in STATUS), InternalError)
        return problem_of(kind, str(error), self.path).model_dump_json().encode()
