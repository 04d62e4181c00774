"""Structures of the Materials Project by id, joined to labels published elsewhere."""

import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from emmet.core.mpid import validate_identifier
from mp_api.client import MPRester
from mp_api.client.core.exceptions import MPRestError
from pydantic import ValidationError
from pymatgen.core import Structure
from tqdm import tqdm

from models.errors import MaterialError, MaterialsProjectKeyMissing
from models.records import refusal
from training.data.rows import Row
from training.fetch.labelled import Labelled
from training.fetch.retries import RetryPolicy, TransientError, with_retries
from training.fetch.row_file import Dropped, FetchReport, Origin, RowFile

KEY_VARIABLE = "MP_API_KEY"
CHUNK_SIZE = 100
SMALLEST, LARGEST = 0.85, 1.25  # volume of today's cell over that of the calculation
SERVER_ERRORS = 500
REFUSED_KEY = (401, 403)
MAY_PASS = (408, 429)
STATUS = re.compile(r"error status code (\d{3})")


class MaterialsProjectStructures:
    """Structures by id from the Materials Project's API; requests are repeated after faults."""

    def __init__(
        self,
        policy: RetryPolicy,
        endpoint: str,
        api_key: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect with `api_key` or $MP_API_KEY.

        Raises MaterialsProjectKeyMissing where there is no key, DataError where nothing answers.
        """
        self._policy = policy
        self._sleep = sleep
        key = api_key or os.environ.get(KEY_VARIABLE)
        if not key:
            raise MaterialsProjectKeyMissing(
                f"No API key: get one at https://materialsproject.org/api and set ${KEY_VARIABLE}."
            )
        self._client = self._repeated(lambda: _client(endpoint, key))

    def structures(self, material_ids: list[str]) -> Mapping[str, Structure]:
        """Return the relaxed structures of the ids that exist, by the id given.

        Raises MaterialsProjectKeyMissing for a refused key, DataError for faults that stay.
        """
        if not material_ids:
            # The client takes an empty list for no condition, and would fetch everything.
            return {}
        documents = self._repeated(
            lambda: self._client.materials.summary.search(
                material_ids=material_ids, fields=["material_id", "structure"]
            )
        )
        found = {_canonical(str(doc["material_id"])): doc["structure"] for doc in documents}
        return {
            material_id: Structure.from_dict(found[_canonical(material_id)])
            for material_id in material_ids
            if _canonical(material_id) in found
        }

    def _repeated(self, call: Callable[[], Any]) -> Any:
        return with_retries(lambda: _classified(call), self._policy, self._sleep)


def join_structures(
    rows: Sequence[Labelled | Dropped],
    out: Path,
    source: MaterialsProjectStructures,
    origin: Origin,
    chunk_size: int = CHUNK_SIZE,
) -> FetchReport:
    """Return the report on `rows` with their structures, written in order to `out` (`.jsonl.gz`).

    Rows that are dropped already are only reported. Raises DataError where `out` exists, and what
    `source` raises.
    """
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    file = RowFile(out, f"{len(rows)} ids of {origin.url} (sha256 {digest})", origin)
    progress = tqdm(total=len(rows), initial=file.position, unit=" ids", desc=out.name)
    while file.position < len(rows):
        chunk = rows[file.position : file.position + chunk_size]
        structures = source.structures([row.material_id for row in chunk if _is_id(row)])
        entries = [_joined(row, structures.get(row.material_id)) for row in chunk]
        file.add(entries, position=file.position + len(chunk), total=len(rows))
        progress.update(len(chunk))
    progress.close()
    return file.finish()


def _joined(row: Labelled | Dropped, structure: Structure | None) -> Row | Dropped:
    if isinstance(row, Dropped):
        return row
    if structure is None:
        reason = "the Materials Project has no material of this id"
        return Dropped(material_id=row.material_id, reason=reason)
    try:
        _check_cell(row, structure)
        labels = {name: _number(value) for name, value in row.labels.items()}
        return Row.of(row.material_id, structure, row.formula, **labels)
    except ValidationError as error:
        return Dropped(material_id=row.material_id, reason=refusal(error))
    except ValueError as error:
        return Dropped(material_id=row.material_id, reason=str(error))


def _check_cell(row: Labelled, structure: Structure) -> None:
    """Raise ValueError where the labels were calculated for another cell than today's."""
    if row.n_atoms not in (None, len(structure.get_primitive_structure())):
        raise ValueError(f"calculated with {row.n_atoms} atoms, not those of today's cell")
    calculated = row.labels.get("reference_volume")
    if isinstance(calculated, float):
        ratio = structure.volume / len(structure) / calculated
        if not SMALLEST < ratio < LARGEST:
            raise ValueError(f"today's cell has {ratio:.2f} times the volume of the calculation's")


def _number(value: object) -> Any:
    return float(value) if isinstance(value, str) else value


def _is_id(row: Labelled | Dropped) -> bool:
    return isinstance(row, Labelled) and re.fullmatch(r"mp-\w+", row.material_id) is not None


def _canonical(material_id: str) -> str:
    """Return the one spelling of an id: mp-149 and mp-ft are the same material."""
    return str(validate_identifier(material_id, serialize=True))


def _client(endpoint: str, api_key: str) -> Any:
    return MPRester(api_key, endpoint=endpoint, use_document_model=False, mute_progress_bars=True)


def _classified(call: Callable[[], Any]) -> Any:
    """Return what `call` returns; its fault becomes transient, a key problem or a refusal."""
    try:
        return call()
    except (requests.RequestException, MPRestError, KeyError) as error:
        # The client looks up what a heartbeat holds without a look at its status: a KeyError.
        code = _status(str(error))
        if code in REFUSED_KEY or "API key" in str(error):
            raise MaterialsProjectKeyMissing(
                f"The Materials Project refused the key in ${KEY_VARIABLE} ({error})."
            ) from error
        if code is None or code in MAY_PASS or code >= SERVER_ERRORS:
            raise TransientError(f"the Materials Project: {error}") from error
        raise MaterialError(f"The Materials Project refused the request: {error}") from error


def _status(message: str) -> int | None:
    """Return the HTTP status in a message of the client, which says 400 in words only."""
    if "does not support the request" in message:
        return int(HTTPStatus.BAD_REQUEST)
    status = STATUS.search(message)
    return int(status[1]) if status else None
