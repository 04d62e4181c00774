"""Structures of the Materials Project that a query chooses, through its own client."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from app.screening.sources.pages import Fetch, Page
from models.errors import DataError, MaterialsProjectUnavailable
from models.structure.materials_project.client import MaterialsProject

PAGE = 200  # structures
PAUSES = (5.0, 20.0, 60.0, 120.0)  # s, after which a page is asked for once more
BETWEEN = 0.2  # s between two pages: fewer than 25 requests a second, as its terms ask
FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class MaterialsProjectQuery:
    """Materials of the Materials Project, chosen by conditions named as in its client.

    `text` is `chemsys=Bi-Te&band_gap=0.1:2&is_stable=true`; nothing chooses all materials.
    """

    text: str
    api_key: str | None = field(repr=False)
    endpoint: str
    timeout: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """The query."""
        return f"mp:{self.text}"

    @contextmanager
    def opened(self) -> Iterator[Fetch]:
        """Give what returns the page of a number, from 1, all over one session.

        It raises DataError, MaterialError.
        """
        client = MaterialsProject(self.api_key, self.endpoint, self.timeout, retries=3)
        with closing(client):
            yield partial(self._fetch, client)

    def _fetch(self, client: MaterialsProject, page: str | None) -> Page:
        number = int(page or 1)
        documents = self._asked(client, number)
        self.sleep(BETWEEN)
        return Page(documents, str(number + 1) if len(documents) == PAGE else None)

    def _asked(self, client: MaterialsProject, number: int) -> list[dict[str, Any]]:
        """Return the documents of a page; what may pass is waited for."""
        for pause in PAUSES:
            try:
                return client.search(number, PAGE, conditions(self.text))
            except MaterialsProjectUnavailable:
                self.sleep(pause)
        return client.search(number, PAGE, conditions(self.text))


def conditions(text: str) -> dict[str, Any]:
    """Return the conditions of `name=value&...`. Raises DataError."""
    try:
        pairs = parse_qsl(text, strict_parsing=bool(text), keep_blank_values=False)
        return {name: _value(value) for name, value in pairs}
    except ValueError as error:
        raise DataError(
            f"mp:{text} is no query ({error}); write for instance "
            "'mp:elements=Bi,Te&band_gap=0.1:2&energy_above_hull=0:0.05&num_sites=1:40'."
        ) from error


def _value(text: str) -> Any:
    """Return a flag, a range of numbers, a list or the text itself."""
    if text in FLAGS:
        return FLAGS[text]
    if ":" in text:
        return tuple(_numbers(text.split(":")))
    return text.split(",") if "," in text else text


def _numbers(texts: Iterable[str]) -> list[float]:
    return [int(each) if each.isdigit() else float(each) for each in texts]
