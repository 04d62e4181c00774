"""Structures by Materials Project id, cached and checked."""

import math
from typing import Protocol

from pymatgen.core import Structure

from app.cache.base import Cache
from app.cache.entries import MaterialRecord, key, read, written
from app.cache.layered import layered
from app.monitoring.metrics import WorkMetrics
from app.service.lanes import Places
from app.service.single_flight import SingleFlight
from app.service.workers import Workers
from app.settings import Settings
from models.errors import UnknownMaterial
from models.structure.checks import check_structure
from models.structure.materials_project.client import check_material_id
from models.structure.stored import StoredStructure


class MaterialSource(Protocol):
    """A source of structures by id, such as `MaterialsProject`."""

    def structure(self, material_id: str) -> Structure:
        """Return the structure; blocks. Raises MaterialError."""

    def prepare(self) -> None:
        """Do now what the first structure would have to wait for; blocks."""


class Materials:
    """Structures by id; each is fetched once at a time and cached, an unknown id for a while."""

    def __init__(
        self,
        settings: Settings,
        cache: Cache,
        source: MaterialSource,
        readers: Workers,
        metrics: WorkMetrics,
    ) -> None:
        self._settings = settings
        self._cache = layered(cache, settings.memory_cache_bytes // 8)
        self._source = source
        self._readers = readers
        self._metrics = metrics
        self.workers = Workers("material", settings.mp_concurrency)
        limit = settings.mp_concurrency + settings.max_queue
        self.places = Places(limit, settings.mp_concurrency, math.inf)
        self._fetches = SingleFlight[Structure]()

    async def structure(self, material_id: str) -> Structure:
        """Return the structure of a material. Raises MaterialError, StructureError, Overloaded."""
        name = key("material", check_material_id(material_id))
        record = read(MaterialRecord, await self._cache.get(name))
        self._metrics.note_lookup("structure", hit=record is not None)
        if record is None:
            return await self._fetches.run(name, lambda: self._fetch(name, material_id))
        if record.stored is None:
            raise UnknownMaterial(
                f"The Materials Project had no {material_id} a moment ago; check the id."
            )
        return await self._readers.run(self._checked, record.stored)

    async def _fetch(self, name: str, material_id: str) -> Structure:
        try:
            with self.places.held():
                structure = await self.workers.run(self._checked_structure, material_id)
        except UnknownMaterial:
            unknown = written(MaterialRecord(stored=None))
            await self._cache.set(name, unknown, self._settings.unknown_material_ttl)
            raise
        record = written(MaterialRecord(stored=StoredStructure.of(structure)))
        await self._cache.set(name, record, self._settings.structure_ttl)
        return structure

    def _checked_structure(self, material_id: str) -> Structure:
        structure = self._source.structure(material_id)
        return check_structure(structure, self._settings.structure_limits)

    def _checked(self, stored: StoredStructure) -> Structure:
        """Return a structure out of the cache, which anyone may have written to."""
        return check_structure(stored.structure(), self._settings.structure_limits)
