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
    predict_each,
)
from app.service.materials import MaterialSource
from app.service.query import Query, make_query, material_query
from app.settings import Settings
from app.startup import without_native_messages
from models.network.batch import MAX_CRYSTALS
from models.prediction.result import Prediction
from models.structure.materials_project.client import check_material_id
from models.structure.read import read_structure
from paraisite.calculator import LtcCalc
from paraisite.structures import check_several, content_of


class EnsembleCalc(LtcCalc):
    """Calculator by a loaded ensemble, with the same answers as the service's."""

    def __init__(self, ensemble: ServedEnsemble, settings: Settings) -> None:
        self.ensemble = ensemble
        self._settings = settings

    def predict_many(
        self,
        structures: Iterable[object],
        n_jobs: int | None = None,  # noqa: ARG002 - crystals share forward passes instead
    ) -> Iterator[Answer | Exception]:
        """Yield the answer for each structure, in order, or the error in its place."""
        check_several(structures)
        stream = iter(structures)
        while chunk := list(islice(stream, MAX_CRYSTALS)):
            yield from self._answers([self._query(structure) for structure in chunk])

    def predict_material(self, material_id: str) -> Answer:
        """Return the answer for a material; `MP_API_KEY` must be set. Raises MaterialError."""
        material_id = check_material_id(material_id)
        structure = self._materials.structure(material_id)
        query = material_query(structure, material_id, self._settings.structure_limits)
        (prediction,) = self.ensemble.predict([query.crystal])
        return query.answer(prediction, self.ensemble, "miss")

    @cached_property
    def _materials(self) -> MaterialSource:
        from app.factory import materials_project  # noqa: PLC0415 - slow, and mostly not needed

        return materials_project(self._settings)

    def _query(self, structure: object) -> Query | Exception:
        try:
            limits = self._settings.structure_limits
            return make_query(read_structure(content_of(structure), limits), limits)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this structure's alone
            return error

    def _answers(self, queries: Sequence[Query | Exception]) -> Iterator[Answer | Exception]:
        crystals = [query.crystal for query in queries if isinstance(query, Query)]
        predicted = iter(predict_each(self.ensemble, crystals))
        for query in queries:
            if isinstance(query, Exception):
                yield query
                continue
            found = next(predicted)
            if isinstance(found, Prediction):
                yield query.answer(found, self.ensemble, "miss")
            else:
                yield found


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
