"""Clients that check every answer they get."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import numpy as np
from pymatgen.core import Element

ON_ITS_WAY = 0.05  # s; in which a request may meet the end of an idle connection
CATIONS = ("Li", "Na", "K", "Rb", "Mg", "Ca", "Sr", "Ba")
ANIONS = ("F", "Cl", "Br", "O", "S", "Se")
CIF = """data_{cation}{anion}
_cell_length_a {a:.6f}
_cell_length_b {a:.6f}
_cell_length_c {a:.6f}
_cell_angle_alpha 60
_cell_angle_beta 60
_cell_angle_gamma 60
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
A1 {cation} 0 0 0
B1 {anion} 0.5 0.5 0.5
"""


@dataclass(frozen=True)
class Crystal:
    """A file, and what makes its answer recognisable: the elements, and the mean if known."""

    text: str
    elements: frozenset[str]
    mean: float


def crystals() -> Iterator[Crystal]:
    """Give rocksalt crystals without end, no two alike."""
    pairs = list(itertools.product(CATIONS, ANIONS))
    for number in itertools.count():
        cation, anion = pairs[number % len(pairs)]
        a = 4.0 + (number // len(pairs)) * 1e-4
        mean = (Element(cation).Z + Element(anion).Z) / 2 + 0.4  # as tests.fake_service has it
        yield Crystal(CIF.format(cation=cation, anion=anion, a=a), frozenset((cation, anion)), mean)


@dataclass
class Tally:
    """What came back: answers by outcome, times in seconds, and what was wrong."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Number of requests."""
        return sum(self.outcomes.values())

    def summary(self) -> dict[str, object]:
        """Return the figures."""
        times = np.array(self.seconds or [0.0])
        return {
            "requests": self.total,
            "outcomes": dict(sorted(self.outcomes.items())),
            "wrong": len(self.wrong),
            "examples_of_wrong": self.wrong[:3],
            "median_ms": round(1e3 * float(np.median(times)), 1),
            "p99_ms": round(1e3 * float(np.percentile(times, 99)), 1),
            "max_ms": round(1e3 * float(times.max()), 1),
        }


@dataclass
class Load:
    """Clients of one service; `known` is whether the means are those of the fake ensemble."""

    url: str
    known: bool = True
    tally: Tally = field(default_factory=Tally)
    source: Iterator[Crystal] = field(default_factory=crystals)

    async def run(self, seconds: float, clients: int, rate: float = 0.0) -> None:
        """Send files from so many clients for so long; `rate` a second in all, 0: no limit."""
        until = time.monotonic() + seconds
        pause = clients / rate if rate else 0.0
        await asyncio.gather(*(self._client(until, pause) for _ in range(clients)))

    async def _client(self, until: float, pause: float) -> None:
        async with httpx.AsyncClient(base_url=self.url, timeout=90) as client:
            recent: list[Crystal] = []
            while (start := time.monotonic()) < until:
                crystal = next(self.source)
                recent = [*recent[-20:], crystal]
                await self._ask(client, crystal)
                await self._ask(client, recent[0])  # one that was sent before
                await asyncio.sleep(max(0.0, start + 2 * pause - time.monotonic()))

    async def _ask(self, client: httpx.AsyncClient, crystal: Crystal) -> None:
        start = time.monotonic()
        try:
            response = await self._post(client, crystal)
        except httpx.TransportError as error:
            self.tally.outcomes[f"lost {type(error).__name__}"] += 1
            await asyncio.sleep(0.05)
            return
        self.tally.seconds.append(time.monotonic() - start)
        self._check(crystal, response)

    async def _post(self, client: httpx.AsyncClient, crystal: Crystal) -> httpx.Response:
        """Return the response; a request that meets a closed connection is sent once more.

        The service closes connections that are idle, to make room, and cannot know that a request
        is on its way (RFC 9112, 9.3.1). What fails later than that is lost.
        """
        start = time.monotonic()
        request = client.build_request(
            "POST", "/predict", content=crystal.text, headers={"Content-Type": "text/plain"}
        )
        try:
            return await client.send(request)
        except (httpx.ReadError, httpx.RemoteProtocolError, httpx.WriteError):
            if time.monotonic() - start > ON_ITS_WAY:
                raise
            return await client.send(request)

    def _check(self, crystal: Crystal, response: httpx.Response) -> None:
        if response.status_code != httpx.codes.OK:
            kind = response.headers.get("content-type", "")
            name = response.json()["type"].rsplit("/", 1)[1] if "problem" in kind else "undeclared"
            self.tally.outcomes[f"{response.status_code} {name}"] += 1
            return
        answer = response.json()
        self.tally.outcomes["200"] += 1
        formula, mean = answer["material"]["formula"], answer["ltc"]["mean"]
        if frozenset(_elements(formula)) != crystal.elements or (
            self.known and abs(mean - crystal.mean) > 1e-6
        ):
            self.tally.wrong.append(f"{sorted(crystal.elements)}: {formula} {mean}")


def _elements(formula: str) -> Iterator[str]:
    word = ""
    for letter in formula:
        if letter.isupper():
            if word:
                yield word
            word = letter
        elif letter.islower():
            word += letter
    if word:
        yield word
