"""Structures of the Materials Project by id, through its own client."""

import re
import threading
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import requests
from pymatgen.core import Structure

from models.errors import (
    DataError,
    InvalidMaterialId,
    MaterialsProjectKeyMissing,
    MaterialsProjectUnavailable,
    UnknownMaterial,
)
from models.structure.materials_project import ENDPOINT
from models.structure.materials_project.circuit import Circuit
from models.structure.materials_project.session import TRANSIENT, BoundedSession, OutOfTime
from models.structure.materials_project.unused import without_unused

if TYPE_CHECKING:
    from mp_api.client.routes.materials.materials import MaterialsRester
    from mp_api.client.routes.materials.summary import SummaryRester

KEY_LENGTH = 32  # characters
REFUSED = (401, 403)
FAILURES = 3  # in a row, after which the Materials Project is left alone
PAUSE = 30.0  # s that it is then left alone
# mp-9127 and, since 2025, mp-abcdef: emmet.core.mpid.AlphaID writes numbers in base 26.
MATERIAL_ID = re.compile(r"(mp|mvc)-([0-9]{1,9}|[a-z]{1,12})")
FIELDS = ["material_id", "structure"]


def check_material_id(material_id: str) -> str:
    """Return the id in small letters if it is one of the Materials Project.

    Raises InvalidMaterialId.
    """
    plain = material_id.lower()
    if not MATERIAL_ID.fullmatch(plain):
        raise InvalidMaterialId(
            f"{material_id[:64]!r} is not a Materials Project id; they look like mp-9127."
        )
    return plain


class MaterialsProject:
    """The Materials Project behind one client session; safe to use from several threads.

    `timeout` is in seconds, for one structure in all, retries included. Nothing is imported from
    mp-api and nothing is requested before the first structure, or `prepare`. After three failures
    in a row it is left alone for half a minute.
    """

    def __init__(
        self,
        api_key: str | None,
        endpoint: str = ENDPOINT,
        timeout: float = 10.0,
        retries: int = 2,
    ) -> None:
        self._api_key = api_key
        self._endpoint = endpoint if endpoint.endswith("/") else f"{endpoint}/"
        self._timeout = timeout
        self._session = _Session({"x-api-key": api_key or ""}, retries)
        self._circuit = Circuit(FAILURES, PAUSE)
        self._lock = threading.Lock()
        self._client: MaterialsRester | None = None

    @property
    def is_left_alone(self) -> bool:
        """Whether the last requests failed, so that none is made for the moment."""
        return self._circuit.is_open

    def structure(self, material_id: str) -> Structure:
        """Return the relaxed structure of a material, or of the material that a task belongs to.

        Raises InvalidMaterialId, UnknownMaterial, MaterialsProjectKeyMissing,
        MaterialsProjectUnavailable.
        """
        plain = check_material_id(material_id)
        self._check_key()
        if wait := self._circuit.wait():
            raise MaterialsProjectUnavailable(
                "The Materials Project has not answered lately; try again in "
                f"{wait:.0f} s, or upload a structure file."
            )
        try:
            structure = self._fetch(plain)
        except MaterialsProjectUnavailable:
            self._circuit.note(success=False)
            raise
        except (UnknownMaterial, MaterialsProjectKeyMissing):
            self._circuit.note(success=True)  # it answers
            raise
        self._circuit.note(success=True)
        return structure

    def search(self, page: int, size: int, conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return id and structure of one page, from 1, of the materials that meet the conditions.

        Conditions are those of mp-api's `summary.search`. Raises DataError for ones that it does
        not know, MaterialsProjectKeyMissing, MaterialsProjectUnavailable.
        """
        self._check_key()
        client = _summary_class()(
            api_key=self._api_key,
            endpoint=self._endpoint,
            session=self._session,
            use_document_model=False,
            mute_progress_bars=True,
        )
        try:
            with self._session.within(self._timeout):
                found = client.search(
                    **conditions, fields=FIELDS, chunk_size=size, _page=page, _sort_fields=FIELDS[0]
                )
        except (MaterialsProjectKeyMissing, MaterialsProjectUnavailable):
            raise
        except OutOfTime as error:
            raise _unreachable(error) from error
        except Exception as error:
            raise DataError(
                f"The Materials Project cannot be searched by {dict(conditions)} "
                f"({str(error)[:300]}); use conditions of mp-api's summary.search."
            ) from error
        return [each | {"structure": _structure(each).as_dict()} for each in found]

    def prepare(self) -> None:
        """Import the client, which takes seconds, so that the first structure need not wait."""
        if self._api_key:
            _client_class()

    def close(self) -> None:
        """Close the connections that are kept for further requests."""
        self._session.close()

    def _fetch(self, material_id: str) -> Structure:
        client = self._connected()
        try:
            with self._session.within(self._timeout):
                return _structure(_document(client, material_id))
        except (MaterialsProjectKeyMissing, MaterialsProjectUnavailable, UnknownMaterial):
            raise
        except OutOfTime as error:
            raise _unreachable(error) from error
        # Whatever it is that the answer is not: the client expects it to be right.
        except Exception as error:
            raise _unusable(material_id, error) from error

    def _connected(self) -> "MaterialsRester":
        with self._lock:
            if self._client is None:
                self._client = _client_class()(
                    api_key=self._api_key,
                    endpoint=self._endpoint,
                    session=self._session,
                    use_document_model=False,
                    mute_progress_bars=True,
                )
            return self._client

    def _check_key(self) -> None:
        if not self._api_key:
            raise MaterialsProjectKeyMissing(
                "Structures by id need a key: get one at https://materialsproject.org/api, set "
                "MP_API_KEY and start the service again; or upload a structure file."
            )
        if len(self._api_key) != KEY_LENGTH:
            raise MaterialsProjectKeyMissing(
                f"MP_API_KEY has {len(self._api_key)} characters instead of {KEY_LENGTH}; "
                "copy it again from https://materialsproject.org/api."
            )


@cache
def _client_class() -> "type[MaterialsRester]":
    """Return the client of the materials, which sends nothing when it is made."""
    with without_unused():
        from mp_api.client.routes.materials.materials import (  # noqa: PLC0415 - slow
            MaterialsRester,
        )

    class Materials(MaterialsRester):
        @staticmethod
        @cache
        def _get_heartbeat_info(_endpoint: str) -> tuple[str, list[str]]:
            """Return no version: only downloads of whole data sets need it.

            The client would ask for it without a time limit.
            """
            return "", []

    return Materials


@cache
def _summary_class() -> "type[SummaryRester]":
    """Return the client of the summaries, which sends nothing when it is made."""
    with without_unused():
        from mp_api.client.routes.materials.summary import (  # noqa: PLC0415 - slow
            SummaryRester,
        )

    class Summaries(SummaryRester):
        @staticmethod
        @cache
        def _get_heartbeat_info(_endpoint: str) -> tuple[str, list[str]]:
            """Return no version, as for the materials."""
            return "", []

    return Summaries


def _document(client: "MaterialsRester", material_id: str) -> dict[str, Any]:
    """Return the document of a material, found by its id or by that of one of its tasks.

    An id that was retired when materials were merged lives on as that of a task.
    Raises UnknownMaterial.
    """
    for key in ("material_ids", "task_ids"):
        query: dict[str, Any] = {key: [material_id]}
        found = client.search(**query, fields=FIELDS, num_chunks=1)
        if found:
            document: dict[str, Any] = found[0]
            if key == "material_ids" and not _is_of(document, material_id):
                raise ValueError("a document of another material")
            return document
    raise UnknownMaterial(
        f"The Materials Project has no material {material_id}, or has deprecated it; "
        "look it up on https://materialsproject.org."
    )


def _is_of(document: dict[str, Any], material_id: str) -> bool:
    from emmet.core.mpid import AlphaID  # noqa: PLC0415 - slow

    return bool(AlphaID(document["material_id"]) == AlphaID(material_id))


def _structure(document: dict[str, Any]) -> Structure:
    structure = document["structure"]
    return structure if isinstance(structure, Structure) else Structure.from_dict(structure)


def _unreachable(error: Exception) -> MaterialsProjectUnavailable:
    return MaterialsProjectUnavailable(
        f"The Materials Project cannot be reached ({type(error).__name__}); "
        "try again later, or upload a structure file."
    )


def _unusable(material_id: str, error: Exception) -> MaterialsProjectUnavailable:
    return MaterialsProjectUnavailable(
        f"The Materials Project's answer for {material_id} cannot be used "
        f"({type(error).__name__}); try again later, or upload a structure file."
    )


class _Session(BoundedSession):
    """A session whose refusals and failures are errors of this project."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the response, unless it is a refusal, a failure or no list of documents."""
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException as error:
            raise _unreachable(error) from error
        if response.status_code in REFUSED:
            raise MaterialsProjectKeyMissing(
                "The Materials Project refused the key; check MP_API_KEY against "
                "https://materialsproject.org/api."
            )
        if response.status_code in TRANSIENT:
            raise MaterialsProjectUnavailable(
                f"The Materials Project answers {response.status_code}; "
                "try again later, or upload a structure file."
            )
        if response.ok and not isinstance(response.json()["data"], list):
            raise ValueError("no list of documents")  # the client would take it for an empty one
        return response
