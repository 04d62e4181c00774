"""Entries to outcomes, in batches; a crystal that fails does not affect the others."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from app.screening.entry import Entry
from app.screening.outcome import Outcome
from app.screening.table.row import failure
from app.service.ensembles import ServedEnsemble, predict_each
from models.crystal.crystal import Crystal
from models.formula import usual
from models.prediction.result import Prediction


def outcomes(entries: Iterable[Entry], ensemble: ServedEnsemble, batch: int) -> Iterator[Outcome]:
    """Yield what comes of each crystal, in order; `batch` of them share a forward pass."""
    stream = iter(entries)
    while chunk := list(islice(stream, batch)):
        prepared = [_prepare(entry, ensemble) for entry in chunk]
        crystals = [crystal for _, crystal in prepared if crystal]
        predicted = iter(predict_each(ensemble, crystals))
        for outcome, crystal in prepared:
            yield _with(outcome, next(predicted)) if crystal else outcome


def _prepare(entry: Entry, ensemble: ServedEnsemble) -> tuple[Outcome, Crystal | None]:
    outcome = Outcome(entry.material_id, entry.sha256, ensemble)
    try:
        file = entry.read()
        crystal = Crystal.of(file.reduced, entry.limits.max_bonds)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this crystal's alone
        return _with(outcome, error), None
    structure = file.structure
    known = replace(
        outcome,
        formula=usual(structure.composition.reduced_formula),
        n_sites=len(structure),
        file_warnings=file.warnings,
        crystal=crystal,
    )
    return known, crystal


def _with(outcome: Outcome, found: Prediction | Exception) -> Outcome:
    if isinstance(found, Prediction):
        return replace(outcome, prediction=found)
    return replace(outcome, error=failure(found))
