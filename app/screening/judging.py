"""Entries -> outcomes, in batches; what one crystal cannot be judged for spoils no other's."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from app.screening.entry import Entry
from app.screening.outcome import Outcome
from app.service.ensembles import ServedEnsemble
from models.crystal.fingerprint import fingerprint
from models.crystal.graph import CrystalGraph, crystal_graph
from models.errors import ParaisiteError
from models.prediction.judgement import Judgement

Crystal = tuple[CrystalGraph, str]  # with its fingerprint


def outcomes(entries: Iterable[Entry], ensemble: ServedEnsemble, batch: int) -> Iterator[Outcome]:
    """Yield what comes of each crystal, in order; `batch` of them share a forward pass."""
    stream = iter(entries)
    while chunk := list(islice(stream, batch)):
        prepared = [_prepare(entry, ensemble) for entry in chunk]
        judged = iter(_judge([crystal for _, crystal in prepared if crystal], ensemble))
        for outcome, crystal in prepared:
            yield _with(outcome, next(judged)) if crystal else outcome


def _prepare(entry: Entry, ensemble: ServedEnsemble) -> tuple[Outcome, Crystal | None]:
    outcome = Outcome(entry.material_id, entry.sha256, ensemble)
    try:
        file = entry.read()
        structure = file.structure
        graph = crystal_graph(file.reduced)
        crystal = graph, fingerprint(graph)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this crystal's alone
        return _with(outcome, error), None
    formula = structure.composition.reduced_formula
    return replace(outcome, formula=formula, n_sites=len(structure)), crystal


def _judge(crystals: Sequence[Crystal], ensemble: ServedEnsemble) -> list[Judgement | Exception]:
    """Return the judgement of each crystal; those of a batch that fails are judged one by one."""
    try:
        return [*ensemble.judge([graph for graph, _ in crystals], [name for _, name in crystals])]
    except Exception as error:  # noqa: BLE001 - as in `app.service.batching`
        if len(crystals) == 1:
            return [error]
        return [said for crystal in crystals for said in _judge([crystal], ensemble)]


def _with(outcome: Outcome, said: Judgement | Exception) -> Outcome:
    if isinstance(said, Judgement):
        return replace(outcome, judgement=said)
    return replace(outcome, error=f"{_code(said)}: {' '.join(str(said).split())}")


def _code(error: Exception) -> str:
    if isinstance(error, ParaisiteError):
        return error.code
    return "unreadable-file" if isinstance(error, OSError) else type(error).__name__
