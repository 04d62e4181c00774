"""Structures of any OPTIMADE provider that a filter chooses."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from pydantic import BaseModel, ValidationError

from app.screening.sources.pages import Fetch, Page
from models.errors import DataError
from models.structure.materials_project.session import TRANSIENT, BoundedSession

FIELDS = (
    "id,lattice_vectors,species_at_sites,cartesian_site_positions,species,dimension_types,"
    "chemical_formula_reduced,nperiodic_dimensions,structure_features"
)
PAGE = 100  # structures
RETRIES = 5
SECONDS = 300.0  # for one page
LONGEST_DELAY = 60.0  # s between two pages, whatever the provider asks for


class _Fault(BaseModel):
    detail: str = ""


class _Refusal(BaseModel):
    errors: list[_Fault]


@dataclass(frozen=True)
class OptimadeQuery:
    """Structures of the provider at `base_url` that a filter of OPTIMADE's grammar chooses."""

    base_url: str
    filter: str
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """The address with the filter."""
        return f"optimade:{self.base_url}?filter={self.filter}"

    @contextmanager
    def opened(self) -> Iterator[Fetch]:
        """Give what returns the first page, or that of a link, all over one session.

        It raises DataError.
        """
        with BoundedSession({}, RETRIES) as session:
            yield partial(self._fetch, session)

    def _fetch(self, session: BoundedSession, page: str | None) -> Page:
        answer = self._asked(session, page)
        try:
            documents = [{"id": each["id"], **each["attributes"]} for each in answer["data"]]
            link = (answer.get("links") or {}).get("next")
            following = link["href"] if isinstance(link, dict) else link
            elsewhere = following and urlsplit(following).netloc != urlsplit(self.base_url).netloc
            delay = float((answer.get("meta") or {}).get("request_delay") or 0.0)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._failed("its answer is not one of OPTIMADE") from error
        if elsewhere:
            raise self._failed("its next page is on another host")
        self.sleep(min(max(0.0, delay), LONGEST_DELAY))
        return Page(documents, following or None)

    def _asked(self, session: BoundedSession, page: str | None) -> dict[str, Any]:
        """Return the answer for a page. Raises DataError."""
        query = {"filter": self.filter, "page_limit": str(PAGE), "response_fields": FIELDS}
        first = f"{self.base_url.rstrip('/')}/v1/structures"
        given = {name: value for name, value in query.items() if value}
        try:
            with session.within(SECONDS):
                response = session.get(page or first, params=None if page else given)
            if response.ok:
                answer: dict[str, Any] = response.json()
                return answer
        except requests.RequestException as error:
            raise self._failed(f"{error}; try again later") from error
        if response.status_code in TRANSIENT:
            raise self._failed(f"it answers {response.status_code}; try again later")
        raise self._failed(f"it refuses the query ({_told(response)[:300]})")

    def _failed(self, why: str) -> DataError:
        return DataError(f"{self.base_url} gives no structures: {why}.")


def _told(response: requests.Response) -> str:
    """Return why a query is refused: its status where the body is not as OPTIMADE has it."""
    try:
        errors = _Refusal.model_validate_json(response.content).errors
    except ValidationError:
        errors = []
    told = "; ".join(each.detail for each in errors)
    return told or f"status {response.status_code}"


def optimade_query(argument: str) -> OptimadeQuery:
    """Return the query of `https://HOST/PATH?filter=...`. Raises DataError."""
    base, _, query = argument.partition("?")
    name, _, text = query.partition("=")
    if urlsplit(base).scheme not in {"http", "https"} or name not in {"filter", ""}:
        raise DataError(
            f"optimade:{argument} is no query; write 'optimade:https://HOST/PATH?filter=FILTER'."
        )
    return OptimadeQuery(base, unquote(text))
