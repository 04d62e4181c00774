"""The evidence of ensembles as the service gives it: JSON that is written once."""

import hashlib
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from app.schemas import EnsembleEvidence
from app.service.ensembles import ServedEnsemble


@dataclass(frozen=True)
class Document:
    """JSON, and an entity tag that changes with it."""

    content: bytes
    etag: str


_written: WeakKeyDictionary[ServedEnsemble, Document] = WeakKeyDictionary()


def evidence_of(ensemble: ServedEnsemble) -> Document:
    """Return the evidence of an ensemble as JSON, written at the first call.

    That takes tenths of a second for thousands of references, so that it is called when an
    ensemble is loaded; workers, which are forked then, share what is written.
    """
    if ensemble not in _written:
        _written[ensemble] = _write(ensemble)
    return _written[ensemble]


def _write(ensemble: ServedEnsemble) -> Document:
    content = EnsembleEvidence.of(ensemble.references).model_dump_json().encode()
    return Document(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
