"""Structures of any OPTIMADE provider, through the client of optimade-python-tools."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests

from app.screening.sources.pages import Page
from models.errors import DataError
from models.structure.bounded_session import TRANSIENT, BoundedSession

FIELDS = [
    "id", "lattice_vectors", "species_at_sites", "cartesian_site_positions", "species",
    "dimension_types", "chemical_formula_reduced",
]  # fmt: skip
PAGE = 100  # structures
RETRIES = 5
LONGEST_DELAY = 5.0  # s between two pages, whatever the provider asks for


@dataclass(frozen=True)
class OptimadeQuery:
    """Structures of the provider at `base_url` that a filter of OPTIMADE's grammar chooses."""

    base_url: str
    filter: str

    @property
    def name(self) -> str:
        """The address with the filter."""
        return f"optimade:{self.base_url}?filter={self.filter}"

    def fetch(self, page: str | None) -> Page:
        """Return the first page, or that of a link. Raises DataError."""
        from optimade.client import OptimadeClient  # noqa: PLC0415 - an extra

        client = OptimadeClient([self.base_url], http_client=_Session, use_async=False, silent=True)
        try:
            # No public method begins at the link of a page.
            found = client._get_one(  # noqa: SLF001
                "structures",
                self.filter,
                self.base_url,
                page_limit=PAGE,
                response_fields=FIELDS,
                paginate=False,
                override_url=page,
            )[self.base_url]
        except (requests.RequestException, RuntimeError, ValueError, KeyError) as error:
            raise DataError(f"{self.base_url} cannot be asked ({error}); try again later.") from error
        if found.errors:
            raise DataError(f"{self.base_url} refuses the query: {'; '.join(found.errors)[:500]}")
        time.sleep(min(found.meta.get("request_delay") or 0.0, LONGEST_DELAY))
        return Page([_document(each) for each in found.data], self._next(found.links))

    def _next(self, links: dict[str, Any]) -> str | None:
        """Return the link to the next page. Raises DataError when it leads to another host."""
        link = links.get("next")
        address: str | None = link["href"] if isinstance(link, dict) else link
        if address and urlsplit(address).netloc != urlsplit(self.base_url).netloc:
            raise DataError(f"{self.base_url} leads to another host: {address[:200]}")
        return address or None


def optimade_query(argument: str) -> OptimadeQuery:
    """Return the query of `https://HOST/PATH?filter=...`. Raises DataError."""
    address = urlsplit(argument)
    name, _, text = address.query.partition("=")
    if address.scheme not in {"http", "https"} or name not in {"filter", ""}:
        raise DataError(
            f"optimade:{argument} is no query; write 'optimade:https://HOST/PATH?filter=FILTER'."
        )
    return OptimadeQuery(urlunsplit((address.scheme, address.netloc, address.path, "", "")), text)


def _document(entry: dict[str, Any]) -> dict[str, Any]:
    return {"id": entry["id"], **entry["attributes"]}


class _Session(BoundedSession):
    """A session that repeats a failed request a few times, and then ends with an error.

    The client by itself would repeat it for ever.
    """

    def __init__(self) -> None:
        super().__init__({}, RETRIES)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the response. Raises RequestException when the server cannot answer."""
        response = super().request(*args, **kwargs)
        if response.status_code in TRANSIENT:
            raise requests.RequestException(f"it answers {response.status_code}")
        return response
