"""The service predictor: a structure file or a material id to an answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pymatgen.core import Structure

from app.cache.answers import Answers
from app.cache.base import Cache
from app.cache.entries import key, read, written
from app.errors import RequestTimeout
from app.monitoring.metrics import Metrics
from app.schemas import Answer
from app.service.batching import ForwardQueue
from app.service.durations import Durations
from app.service.ensembles import Ensembles, ServedEnsemble
from app.service.lanes import Lanes
from app.service.materials import Materials, MaterialSource
from app.service.query import Query, make_query, material_query
from app.service.single_flight import SingleFlight
from app.service.watched import Watched
from app.service.work_register import UNKNOWN, WorkerSlot, WorkRegister, identity_of
from app.service.workers import Workers
from app.settings import Settings
from models.cores import n_cores
from models.crystal.crystal import Crystal
from models.prediction.result import Prediction
from models.structure.materials_project.client import check_material_id
from models.structure.read import read_structure as read_file


@dataclass(frozen=True)
class Reply:
    """An `Answer` as JSON, and the seconds spent in each step on the way to it."""

    answer: bytes
    seconds: dict[str, float]


class Predictor:
    """Answers for crystals; blocking work runs in its workers, never on the event loop."""

    def __init__(  # noqa: PLR0913 - the parts of an app
        self,
        settings: Settings,
        ensembles: Ensembles,
        cache: Cache,
        materials: MaterialSource,
        metrics: Metrics,
        *,
        watched: Watched | None = None,
    ) -> None:
        self.ensembles = ensembles
        self._settings = settings
        self._cache = cache
        self._answers = Answers(cache, settings)
        self._metrics = metrics.work
        self._lanes = Lanes.of(settings)
        self._materials = Materials(
            settings, cache, materials, self._lanes.small.workers, self._metrics
        )
        self._watched = watched or Watched(WorkerSlot(WorkRegister(1, n_threads(settings))))
        cores = _forwards(settings)
        self._forwards = Workers("forward", cores)
        self._large_forwards = Workers("large-forward", 1)
        self._queues = {
            ensemble.digest: ForwardQueue(partial(self._forward, ensemble), cores)
            for ensemble in ensembles.by_name.values()
        }
        self._predictions = SingleFlight[Prediction]()
        metrics.requests.follow_queue(lambda: self._lanes.in_flight + self._materials.places.taken)

    def answered(self, content: str | bytes, ensemble_name: str | None = None) -> Reply | None:
        """Return the prediction for a file that this process has answered, at once, else None.

        What would be refused is refused here, where it costs least: under an overload most is.
        Raises UnknownEnsemble, Busy.
        """
        start = time.perf_counter()
        digest = self.ensembles.get(ensemble_name).digest
        answer = self._answers.at_hand(self._answers.key(content, digest))
        if answer is None:
            if self._answers.are_all_at_hand:
                self._lanes.of_text(content).places.check()
            return None
        durations = Durations(self._metrics)
        durations.note("cache", time.perf_counter() - start)
        self._metrics.note_lookup("upload", hit=True)
        return Reply(answer, durations.seconds)

    async def predict_file(
        self, content: str | bytes, ensemble_name: str | None = None, *, in_time: bool = True
    ) -> Reply:
        """Return the prediction for the structure in a file; the same one is read only once.

        One that need not be `in_time` waits for its turn however long others take. Raises
        StructureError, UnknownEnsemble, Overloaded, RequestTimeout, WorkStopped.
        """
        ensemble = self.ensembles.get(ensemble_name)
        durations = Durations(self._metrics)
        name = self._answers.key(content, ensemble.digest)
        async with self._deadline(in_time=in_time):
            with durations.step("cache"):
                known = await self._answers.get(name)
            self._metrics.note_lookup("upload", hit=known is not None)
            if known is not None:
                return Reply(known, durations.seconds)
            with self._lanes.place(self._lanes.of_text(content)) as place:
                query = await self._watched.run(
                    place.lane.workers, identity_of(content), self._read, content, durations
                )
                place.move(self._lanes.of_crystal(query.crystal))
                answer = await self._predict(query, ensemble, durations)
            await self._answers.set(name, answer)
        return Reply(written(answer), durations.seconds)

    async def predict_material(
        self, material_id: str, ensemble_name: str | None = None, *, in_time: bool = True
    ) -> Reply:
        """Return the prediction for a material of the Materials Project.

        `in_time`: as in `predict_file`. Raises MaterialError, and what `predict_file` raises.
        """
        ensemble = self.ensembles.get(ensemble_name)
        material_id = check_material_id(material_id)
        durations = Durations(self._metrics)
        async with self._deadline(in_time=in_time):
            with durations.step("fetch"):
                structure = await self._materials.structure(material_id)
            with self._lanes.place(self._lanes.of_cell(len(structure))) as place:
                with durations.step("graph"):
                    query = await self._watched.run(
                        place.lane.workers,
                        identity_of(material_id),
                        self._describe_material,
                        structure,
                        material_id,
                    )
                place.move(self._lanes.of_crystal(query.crystal))
                answer = await self._predict(query, ensemble, durations)
        return Reply(written(answer), durations.seconds)

    async def read_structure(self, content: str | bytes) -> Structure:
        """Return the structure in a file, as a prediction would read it.

        Raises StructureError, Overloaded, RequestTimeout, WorkStopped.
        """
        async with self._deadline():
            with self._lanes.place(self._lanes.of_text(content)) as place:
                limits = self._settings.structure_limits
                file = await self._watched.run(
                    place.lane.workers, identity_of(content), read_file, content, limits
                )
                return file.structure

    async def material_structure(self, material_id: str) -> Structure:
        """Return the structure of a material. Raises MaterialError, StructureError, Overloaded."""
        async with self._deadline():
            return await self._materials.structure(check_material_id(material_id))

    def close(self) -> None:
        """Drop waiting work."""
        self._lanes.close()
        for workers in (self._materials.workers, self._forwards, self._large_forwards):
            workers.close()

    @asynccontextmanager
    async def _deadline(self, *, in_time: bool = True) -> AsyncIterator[None]:
        seconds = self._settings.request_timeout
        try:
            async with asyncio.timeout(seconds if in_time else None):
                yield
        except TimeoutError as error:
            raise RequestTimeout(
                f"No answer within {seconds:g} s; try again, or send a smaller cell."
            ) from error

    def _read(self, content: str | bytes, durations: Durations) -> Query:
        limits = self._settings.structure_limits
        with durations.step("parse"):
            file = read_file(content, limits)
        with durations.step("graph"):
            return make_query(file, limits)

    def _describe_material(self, structure: Structure, material_id: str) -> Query:
        return material_query(structure, material_id, self._settings.structure_limits)

    async def _predict(
        self, query: Query, ensemble: ServedEnsemble, durations: Durations
    ) -> Answer:
        prediction, cache = await self._prediction(query, ensemble, durations)
        return query.answer(prediction, ensemble, cache)

    async def _prediction(
        self, query: Query, ensemble: ServedEnsemble, durations: Durations
    ) -> tuple[Prediction, Literal["hit", "miss"]]:
        name = key("answer", ensemble.digest, query.crystal.fingerprint)
        with durations.step("cache"):
            cached = read(Prediction, await self._cache.get(name))
        self._metrics.note_lookup("answer", hit=cached is not None)
        if cached is not None:
            return cached, "hit"
        with durations.step("forward"):
            prediction = await self._predictions.run(
                name, lambda: self._compute(name, query.crystal, ensemble)
            )
        return prediction, "miss"

    async def _compute(self, name: str, crystal: Crystal, ensemble: ServedEnsemble) -> Prediction:
        if self._lanes.is_large(crystal):  # one at a time: each takes much memory
            (prediction,) = await self._watched.run(
                self._large_forwards, identity_of(name), ensemble.predict, [crystal]
            )
        else:
            prediction = await self._queues[ensemble.digest].predict(crystal)
        self._metrics.note_crystal(ensemble.name)
        await self._cache.set(name, written(prediction), self._settings.answer_ttl)
        return prediction

    async def _forward(
        self, ensemble: ServedEnsemble, crystals: Sequence[Crystal]
    ) -> Sequence[Prediction]:
        return await self._watched.run(self._forwards, UNKNOWN, ensemble.predict, crystals)


def n_threads(settings: Settings) -> int:
    """Return in how many threads a predictor works on crystals."""
    return settings.concurrency + 1 + _forwards(settings) + 1


def _forwards(settings: Settings) -> int:
    """Return how many forward passes run side by side; each uses one core."""
    return max(1, n_cores() // settings.worker_count)
