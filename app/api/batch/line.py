"""A line of the answer to a batch: one crystal, its answer or problem, and its row of a table."""

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import Field

from app.api.batch.items import Item
from app.api.problems import STATUS, problem_of
from app.errors import Busy, InternalError
from app.schemas import Answer, Problem
from app.screening.probability import Thresholds
from app.screening.table.row import Row, failure, make_row, row_of
from app.service.ensembles import ServedEnsemble
from app.service.predictor import Predictor
from models.errors import ParaisiteError
from models.prediction.result import number
from models.records import Record

log = logging.getLogger(__name__)

WAIT = 0.2  # s, after which a crystal that found no place asks again


class BatchLine(Record):
    """One crystal of a batch: its answer, or its problem."""

    index: int = number("Place of the crystal in the request, from 0.", "1")
    name: str | None = Field(description="Its file name or id; null where it has none.")
    row: Row = Field(description="The crystal as the table of a screening has it.")
    answer: Answer | None = Field(description="The prediction; null where there is a problem.")
    problem: Problem | None = Field(description="Why there is no prediction.")


@dataclass(frozen=True)
class Work:
    """Makes the lines of a batch."""

    predictor: Predictor
    ensemble: ServedEnsemble
    thresholds: Thresholds
    path: str

    async def line(self, item: Item) -> bytes:
        """Return the line of a crystal, with its answer or its problem."""
        try:
            answer = await self._answer(item)
        except ParaisiteError as error:
            return self._failed(item, error)
        except Exception as error:  # one crystal's fault is no other's
            log.exception("A crystal of a batch failed")
            return self._failed(
                item, InternalError(f"The service failed ({type(error).__name__}).")
            )
        row = row_of(Answer.model_validate_json(answer), self.thresholds, **_named(item))
        return _written(item, row, answer, b"null")

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
        name = self.ensemble.name
        # Those it waits for are the batch's own: there is no deadline but for the work on each.
        if item.material_id is not None:
            work = self.predictor.predict_material(item.material_id, name, in_time=False)
        else:
            work = self.predictor.predict_file(item.content or b"", name, in_time=False)
        return (await work).answer

    def _failed(self, item: Item, error: ParaisiteError) -> bytes:
        kind: Any = next((each for each in type(error).__mro__ if each in STATUS), InternalError)
        problem = problem_of(kind, str(error), self.path).model_dump_json().encode()
        ensemble = {"ensemble": self.ensemble.name, "digest": self.ensemble.digest}
        row = make_row(None, error=failure(error), **ensemble | _named(item))
        return _written(item, row, b"null", problem)


def _named(item: Item) -> dict[str, Any]:
    """Return what a row says before a prediction; a crystal without a name is numbered."""
    sha256 = None if item.content is None else hashlib.sha256(item.content).hexdigest()
    name = item.name or f"line {item.index + 1}"
    return {"index": item.index, "material_id": name, "sha256": sha256}


def _written(item: Item, row: Row, answer: bytes, problem: bytes) -> bytes:
    head = orjson.dumps({"index": item.index, "name": item.name, "row": row.model_dump()})[:-1]
    return b'%b,"answer":%b,"problem":%b}\n' % (head, answer, problem)
