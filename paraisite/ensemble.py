"""Calculator by an ensemble in this process."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice

from app.schemas import Answer
from app.service.ensembles import (
    ServedEnsemble,
    check_ensemble,
    default_name,
    ensemble_names,
    load_ensemble,
)
from app.service.materials import MaterialSource
from app.service.predictor import MATERIAL, Query, make_query
from app.settings import Settings
from app.startup import without_native_messages
from models.errors import ParaisiteError
from models.network.batch import MAX_CRYSTALS
from models.prediction.result import Prediction
from models.structure.materials_project.client import check_material_id
from models.structure.read import checked_file, read_structure
from paraisite.calculator import FAILURES, Failure, LtcCalc
from paraisite.structures import content_of


class EnsembleCalc(LtcCalc):
    """Calculator by a loaded ensemble, with the same answers as the service's."""

    def __init__(self, ensemble: ServedEnsemble, settings: Settings) -> None:
        self.ensemble = ensemble
        self._settings = settings

    def predict_many(
        self,
        structures: Iterable[object],
        n_jobs: int | None = None,  # noqa: ARG002 - crystals share forward passes instead
    ) -> Iterator[Answer | Failure]:
        """Yield the answer for each structure, in order, or the error in its place."""
        stream = iter(structures)
        while chunk := list(islice(stream, MAX_CRYSTALS)):
            yield from self._answers([self._query(structure) for structure in chunk])

    def predict_material(self, material_id: str) -> Answer:
        """Return the answer for a material; `MP_API_KEY` must be set. Raises MaterialError."""
        material_id = check_material_id(material_id)
        structure = self._materials.structure(material_id)
        limits = self._settings.structure_limits
        query = make_query(checked_file(structure, MATERIAL, (), limits), limits, material_id)
        (prediction,) = self.ensemble.predict([query.crystal])
        return query.answer(prediction, self.ensemble, "miss")

    @cached_property
    def _materials(self) -> MaterialSource:
        from app.factory import materials_project  # noqa: PLC0415 - slow, and mostly not needed

        return materials_project(self._settings)

    def _query(self, structure: object) -> Query | Failure:
        try:
            limits = self._settings.structure_limits
            return make_query(read_structure(content_of(structure), limits), limits)
        except FAILURES as error:
            return error

    def _answers(self, queries: Sequence[Query | Failure]) -> Iterator[Answer | Failure]:
        found = iter(self._predictions([query for query in queries if isinstance(query, Query)]))
        for query in queries:
            if isinstance(query, Query):
                yield self._outcome(query, next(found))
            else:
                yield query

    def _predictions(self, queries: Sequence[Query]) -> list[Prediction | ParaisiteError]:
        """Return the predictions; those of a batch that fails are made one by one."""
        try:
            return [*self.ensemble.predict([query.crystal for query in queries])]
        except ParaisiteError as error:
            if len(queries) == 1:
                return [error]
            return [each for query in queries for each in self._predictions([query])]

    def _outcome(self, query: Query, found: Prediction | ParaisiteError) -> Answer | Failure:
        if isinstance(found, ParaisiteError):
            return found
        return query.answer(found, self.ensemble, "miss")


def load_calculator(name: str | None = None) -> EnsembleCalc:
    """Return the calculator by the ensemble of this name, or the default. Raises EnsembleError."""
    settings = Settings()
    chosen = name or default_name(ensemble_names(settings), settings)
    with _unchanged_environment(), without_native_messages():
        ensemble = check_ensemble(load_ensemble(settings, chosen), settings)
    return EnsembleCalc(ensemble, settings)


@contextmanager
def _unchanged_environment() -> Iterator[None]:
    """Take back what loading sets: it hides GPUs from TensorFlow, not from the user's programs."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
