"""Structures by Materials Project id, joined to labels from a table, through the mp-api client."""

import csv
import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from emmet.core.mpid import validate_identifier
from mp_api.client import MPRester
from mp_api.client.core.exceptions import MPRestError
from pydantic import ValidationError
from pymatgen.core import Structure

from models.errors import DataError, MaterialError, MaterialsProjectKeyMissing
from models.records import refusal
from training.data.rows import Row
from training.fetch.progress import Progress
from training.fetch.retries import RetryPolicy, TransientError, with_retries
from training.fetch.row_file import Dropped, FetchReport, RowFile

KEY_VARIABLE = "MP_API_KEY"
CHUNK_SIZE = 100
SERVER_ERRORS = 500
REFUSED_KEY = (401, 403)
MAY_PASS = (408, 429)
STATUS = re.compile(r"error status code (\d{3})")


@dataclass(frozen=True)
class TableRow:
    """A line of the table of ids: `ltc` in W/(m K), `formula` where the table gives one."""

    material_id: str
    ltc: str
    formula: str | None


class MaterialsProject:
    """Structures by id from the Materials Project's API, asking again after passing faults."""

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
        self._client = self._asked(lambda: _client(endpoint, key))

    def structures(self, material_ids: list[str]) -> Mapping[str, Structure]:
        """Return the relaxed structures of the ids that exist, by the id asked for.

        Raises MaterialsProjectKeyMissing for a refused key, DataError for faults that stay.
        """
        if not material_ids:
            # The client takes an empty list for no condition, and would fetch everything.
            return {}
        documents = self._asked(
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

    def _asked(self, call: Callable[[], Any]) -> Any:
        return with_retries(lambda: _classified(call), self._policy, self._sleep)


def fetch(
    table: Path, out: Path, source: MaterialsProject, chunk_size: int = CHUNK_SIZE
) -> FetchReport:
    """Return the report on the crystals of `table`, fetched by id into `out` (`.jsonl.gz`).

    The table is CSV with the columns material_id, ltc [W/(m K)] and, optionally, formula; rows
    keep its order. Raises DataError for a table without them, and what `source` raises.
    """
    rows = _read_table(table)
    digest = hashlib.sha256(table.read_bytes()).hexdigest()
    file = RowFile(out, f"Materials Project ids of {table.name} (sha256 {digest})")
    progress = Progress("ids", start=file.position)
    while file.position < len(rows):
        chunk = rows[file.position : file.position + chunk_size]
        structures = source.structures([row.material_id for row in chunk if _is_id(row)])
        entries = [_joined(row, structures.get(row.material_id)) for row in chunk]
        file.add(entries, position=file.position + len(chunk), total=len(rows))
        progress.report(file.position, len(rows))
    return file.finish()


def _read_table(path: Path) -> list[TableRow]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"material_id", "ltc"} - set(reader.fieldnames or ())
            if missing:
                raise DataError(
                    f"{path} has no column {' and no column '.join(sorted(missing))}; its first "
                    "line must name material_id, ltc and, optionally, formula."
                )
            return [
                TableRow(
                    (row["material_id"] or "").strip(), row["ltc"] or "", row.get("formula") or None
                )
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a CSV table ({error}).") from error


def _joined(row: TableRow, structure: Structure | None) -> Row | Dropped:
    if structure is None:
        reason = "the Materials Project has no material of this id"
        return Dropped(material_id=row.material_id, reason=reason)
    try:
        return Row.of(row.material_id, structure, formula=row.formula, ltc=float(row.ltc))
    except ValidationError as error:
        return Dropped(material_id=row.material_id, reason=refusal(error))
    except ValueError as error:
        return Dropped(material_id=row.material_id, reason=str(error))


def _is_id(row: TableRow) -> bool:
    return re.fullmatch(r"mp-\w+", row.material_id) is not None


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
