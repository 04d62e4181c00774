"""From a CIF or a material id to an answer: structure, graph, cache, ensemble, summary."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

from pymatgen.core import Structure

from app.cache.answers import Answers
from app.cache.base import Cache
from app.cache.entries import MaterialRecord, key, read, written
from app.errors import RequestTimeout
from app.monitoring import Metrics
from app.schemas import Answer, EnsembleReference, Material
from app.service.batching import ForwardQueue
from app.service.ensembles import Ensembles, ServedEnsemble
from app.service.evaluation import Evaluation, evaluation_of
from app.service.single_flight import SingleFlight
from app.service.workers import Workers
from app.settings import Settings
from models.cores import n_cores
from models.crystal.fingerprint import fingerprint
from models.crystal.graph import CrystalGraph, crystal_graph
from models.errors import UnknownMaterial
from models.prediction.judgement import Judgement
from models.structure.checks import check_structure
from models.structure.materials_project import check_material_id
from models.structure.read import parse_structure
from models.structure.stored import StoredStructure


class MaterialSource(Protocol):
    """Where structures come from by id; such as `MaterialsProject`."""

    def structure(self, material_id: str) -> Structure:
        """Return the structure; blocks. Raises MaterialError."""

    def prepare(self) -> None:
        """Do now what the first structure would have to wait for; blocks."""


@dataclass(frozen=True)
class Crystal:
    """What an answer needs of a structure."""

    material: Material
    graph: CrystalGraph


@dataclass
class Durations:
    """Seconds spent in each step of one prediction."""

    metrics: Metrics
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.note(name, time.perf_counter() - start)

    def note(self, name: str, seconds: float) -> None:
        """Add the time of one step."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.metrics.note_step(name, seconds)


@dataclass(frozen=True)
class Prediction:
    """An `Answer` as JSON, and the seconds spent in each step on the way to it."""

    answer: bytes
    seconds: dict[str, float]


class Predictor:
    """Answers for crystals; blocking work runs in its workers, never on the event loop."""

    def __init__(
        self,
        settings: Settings,
        ensembles: Ensembles,
        cache: Cache,
        materials: MaterialSource,
        metrics: Metrics,
    ) -> None:
        self.ensembles = ensembles
        self._settings = settings
        self._cache = cache
        self._answers = Answers(cache, settings)
        self._materials = materials
        self._metrics = metrics
        self._workers = Workers("crystal", settings.concurrency, settings.max_queue)
        self._fetchers = Workers("material", settings.mp_concurrency, settings.max_queue)
        cores = n_cores()  # a forward pass uses one
        self._forwards = Workers("forward", cores, settings.max_queue)
        self._queues = {
            ensemble.digest: ForwardQueue(partial(self._judge, ensemble), cores)
            for ensemble in ensembles.by_name.values()
        }
        self._evaluations = SingleFlight[Evaluation]()
        self._fetches = SingleFlight[Structure]()
        metrics.follow_queue(lambda: self._workers.in_flight + self._fetchers.in_flight)

    def answered(self, text: str, ensemble: ServedEnsemble) -> Prediction | None:
        """Return the prediction for a text that this process has answered; waits for nothing."""
        start = time.perf_counter()
        answer = self._answers.at_hand(self._answers.key(text, ensemble))
        if answer is None:
            return None
        durations = Durations(self._metrics)
        durations.note("cache", time.perf_counter() - start)
        self._metrics.note_lookup("upload", hit=True)
        return Prediction(answer, durations.seconds)

    async def predict_cif(self, text: str, ensemble_name: str | None = None) -> Prediction:
        """Return the prediction for the structure in a CIF; the same text is read only once.

        Raises StructureError, UnknownEnsemble, Overloaded, RequestTimeout.
        """
        ensemble = self.ensembles.get(ensemble_name)
        durations = Durations(self._metrics)
        key = self._answers.key(text, ensemble)
        async with self._deadline():
            with durations.step("cache"):
                known = await self._answers.get(key)
            self._metrics.note_lookup("upload", hit=known is not None)
            if known is not None:
                return Prediction(known, durations.seconds)
            with self._workers.place():
                crystal = await self._workers.run(self._read_crystal, text, durations)
                answer = await self._predict(crystal, ensemble, durations)
            await self._answers.set(key, answer)
        return Prediction(written(answer), durations.seconds)

    async def predict_material(
        self, material_id: str, ensemble_name: str | None = None
    ) -> Prediction:
        """Return the prediction for a material of the Materials Project.

        Raises MaterialError, and what `predict_cif` raises.
        """
        ensemble = self.ensembles.get(ensemble_name)
        check_material_id(material_id)
        durations = Durations(self._metrics)
        async with self._deadline():
            with durations.step("fetch"):
                structure = await self._structure_of(material_id)
            with self._workers.place():
                with durations.step("graph"):
                    crystal = await self._workers.run(describe_crystal, structure, material_id)
                answer = await self._predict(crystal, ensemble, durations)
        return Prediction(written(answer), durations.seconds)

    async def read_structure(self, text: str) -> Structure:
        """Return the structure in a CIF, as a prediction would read it.

        Raises StructureError, Overloaded, RequestTimeout.
        """
        async with self._deadline():
            with self._workers.place():
                return await self._workers.run(
                    parse_structure, text, self._settings.structure_limits
                )

    async def material_structure(self, material_id: str) -> Structure:
        """Return the structure of a material. Raises MaterialError, StructureError, Overloaded."""
        check_material_id(material_id)
        async with self._deadline():
            return await self._structure_of(material_id)

    def close(self) -> None:
        """Drop waiting work."""
        for workers in (self._workers, self._fetchers, self._forwards):
            workers.close()

    @asynccontextmanager
    async def _deadline(self) -> AsyncIterator[None]:
        seconds = self._settings.request_timeout
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise RequestTimeout(
                f"No answer within {seconds:g} s; try again, or send a smaller cell."
            ) from error

    def _read_crystal(self, text: str, durations: Durations) -> Crystal:
        with durations.step("parse"):
            structure = parse_structure(text, self._settings.structure_limits)
        with durations.step("graph"):
            return describe_crystal(structure)

    async def _judge(
        self, ensemble: ServedEnsemble, graphs: Sequence[CrystalGraph], fingerprints: Sequence[str]
    ) -> Sequence[Judgement]:
        return await self._forwards.run(ensemble.judge, graphs, fingerprints)

    async def _predict(
        self,
        crystal: Crystal,
        ensemble: ServedEnsemble,
        durations: Durations,
    ) -> Answer:
        evaluation, cache = await self._evaluation(crystal, ensemble, durations)
        return Answer(
            material=crystal.material,
            ltc=evaluation.ltc,
            domain=evaluation.domain,
            second_opinion=evaluation.second_opinion,
            warnings=evaluation.warnings,
            ensemble=EnsembleReference(name=ensemble.name, digest=ensemble.digest),
            cache=cache,
        )

    async def _evaluation(
        self, crystal: Crystal, ensemble: ServedEnsemble, durations: Durations
    ) -> tuple[Evaluation, Literal["hit", "miss"]]:
        name = key("answer", ensemble.digest, crystal.material.fingerprint)
        with durations.step("cache"):
            cached = read(Evaluation, await self._cache.get(name))
        self._metrics.note_lookup("answer", hit=cached is not None)
        if cached is not None:
            return cached, "hit"
        with durations.step("forward"):
            evaluation = await self._evaluations.run(
                name, lambda: self._compute(name, crystal, ensemble)
            )
        return evaluation, "miss"

    async def _compute(self, name: str, crystal: Crystal, ensemble: ServedEnsemble) -> Evaluation:
        queue = self._queues[ensemble.digest]
        judgement = await queue.judge(crystal.graph, crystal.material.fingerprint)
        evaluation = evaluation_of(judgement)
        self._metrics.note_crystal(ensemble.name)
        await self._cache.set(name, written(evaluation), self._settings.answer_ttl)
        return evaluation

    async def _structure_of(self, material_id: str) -> Structure:
        name = key("material", material_id)
        record = read(MaterialRecord, await self._cache.get(name))
        self._metrics.note_lookup("structure", hit=record is not None)
        if record is None:
            return await self._fetches.run(name, lambda: self._fetch(name, material_id))
        if record.stored is None:
            raise UnknownMaterial(
                f"The Materials Project had no {material_id} a moment ago; check the id."
            )
        return record.stored.structure()

    async def _fetch(self, name: str, material_id: str) -> Structure:
        try:
            with self._fetchers.place():
                structure = await self._fetchers.run(self._checked_structure, material_id)
        except UnknownMaterial:
            unknown = written(MaterialRecord(stored=None))
            await self._cache.set(name, unknown, self._settings.unknown_material_ttl)
            raise
        record = written(MaterialRecord(stored=StoredStructure.of(structure)))
        await self._cache.set(name, record, self._settings.structure_ttl)
        return structure

    def _checked_structure(self, material_id: str) -> Structure:
        structure = self._materials.structure(material_id)
        return check_structure(structure, self._settings.structure_limits)


def describe_crystal(structure: Structure, material_id: str | None = None) -> Crystal:
    """Return what an answer needs of a structure. Raises IsolatedAtom."""
    graph = crystal_graph(structure)
    material = Material(
        material_id=material_id,
        formula=structure.composition.reduced_formula,
        n_sites=len(structure),
        space_group=graph.symmetry.symbol,
        idealised=graph.symmetry.idealised,
        fingerprint=fingerprint(graph),
    )
    return Crystal(material, graph)
