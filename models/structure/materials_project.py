"""Structures of the Materials Project by id, through its own client."""

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import requests
from pymatgen.core import Structure
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from models.errors import (
    InvalidMaterialId,
    MaterialsProjectKeyMissing,
    MaterialsProjectUnavailable,
    UnknownMaterial,
)

if TYPE_CHECKING:
    from mp_api.client import MPRester

ENDPOINT = "https://api.materialsproject.org/"
KEY_LENGTH = 32  # characters
REFUSED = (401, 403)
TRANSIENT = (429, 500, 502, 503, 504)
# mp-9127 and, since 2025, mp-abcdef: emmet.core.mpid.AlphaID writes numbers in base 26.
MATERIAL_ID = re.compile(r"(mp|mvc)-([0-9]{1,9}|[a-z]{1,12})")


def check_material_id(material_id: str) -> str:
    """Return the id if it has the form of a Materials Project id. Raises InvalidMaterialId."""
    if not MATERIAL_ID.fullmatch(material_id):
        raise InvalidMaterialId(
            f"{material_id[:64]!r} is not a Materials Project id; they look like mp-9127."
        )
    return material_id


class MaterialsProject:
    """The Materials Project behind one client session; safe to use from several threads.

    `timeout` is in seconds, for each of at most `1 + retries` tries. Nothing is imported from
    mp-api and nothing is requested before the first structure, or `prepare`.
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
        self._retries = retries
        self._lock = threading.Lock()
        self._client: MPRester | None = None

    def structure(self, material_id: str) -> Structure:
        """Return the relaxed structure of a material.

        Raises InvalidMaterialId, UnknownMaterial, MaterialsProjectKeyMissing,
        MaterialsProjectUnavailable.
        """
        check_material_id(material_id)
        client = self._connected()
        structure = self._ask(client, material_id)
        if not isinstance(structure, Structure):
            raise UnknownMaterial(
                f"The Materials Project has no material {material_id}, or has deprecated it; "
                "look it up on https://materialsproject.org."
            )
        return structure

    def prepare(self) -> None:
        """Import the client, which takes seconds, so that the first structure need not wait."""
        if self._api_key:
            import mp_api.client  # noqa: F401, PLC0415 - see the line above

    def _ask(self, client: "MPRester", material_id: str) -> Structure | None:
        from mp_api.client.core.exceptions import MPRestError  # noqa: PLC0415

        try:
            return client.materials.get_structure_by_material_id(material_id)  # type: ignore[no-any-return]
        except (MPRestError, requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise MaterialsProjectUnavailable(
                f"The Materials Project's answer for {material_id} cannot be used "
                f"({type(error).__name__}: {error}); try again later, or upload a CIF."
            ) from error

    def _connected(self) -> "MPRester":
        with self._lock:
            if self._client is None:
                self._client = self._connect(self._checked_key())
            return self._client

    def _checked_key(self) -> str:
        if not self._api_key:
            raise MaterialsProjectKeyMissing(
                "Structures by id need a key: get one at https://materialsproject.org/api, set "
                "MP_API_KEY and start the service again; or upload a CIF."
            )
        if len(self._api_key) != KEY_LENGTH:
            raise MaterialsProjectKeyMissing(
                f"MP_API_KEY has {len(self._api_key)} characters instead of {KEY_LENGTH}; "
                "copy it again from https://materialsproject.org/api."
            )
        return self._api_key

    def _connect(self, api_key: str) -> "MPRester":
        from mp_api.client import MPRester  # noqa: PLC0415 - takes seconds

        session = _Session(api_key, self._timeout, self._retries)
        # The client asks for this first too, but would wait for it without end.
        session.get(urljoin(self._endpoint, "heartbeat"))
        try:
            return MPRester(
                api_key,
                self._endpoint,
                session=session,
                use_document_model=False,
                mute_progress_bars=True,
            )
        except (requests.RequestException, ValueError, KeyError) as error:
            raise MaterialsProjectUnavailable(
                f"{self._endpoint} does not answer like the Materials Project "
                f"({type(error).__name__}: {error}); check MP_API_ENDPOINT, or try again later."
            ) from error


class _Session(requests.Session):
    """An HTTP session with a time limit and a few retries, and errors of this project."""

    def __init__(self, api_key: str, timeout: float, retries: int) -> None:
        super().__init__()
        self.headers["x-api-key"] = api_key
        self._timeout = timeout
        retry = Retry(
            total=retries,
            status_forcelist=TRANSIENT,
            backoff_factor=0.2,
            respect_retry_after_header=False,  # it may ask for longer than a request can wait
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self.mount(scheme, HTTPAdapter(max_retries=retry))

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the response, unless it is a refusal or a failure."""
        kwargs["timeout"] = self._timeout
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException as error:
            raise MaterialsProjectUnavailable(
                f"The Materials Project cannot be reached ({type(error).__name__}); "
                "try again later, or upload a CIF."
            ) from error
        if response.status_code in REFUSED:
            raise MaterialsProjectKeyMissing(
                "The Materials Project refused the key; check MP_API_KEY against "
                "https://materialsproject.org/api."
            )
        if response.status_code in TRANSIENT:
            raise MaterialsProjectUnavailable(
                f"The Materials Project answers {response.status_code}; "
                "try again later, or upload a CIF."
            )
        return response
