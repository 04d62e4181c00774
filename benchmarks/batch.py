"""One batch against single requests over one connection, for crystals that no cache knows."""

import http.client
import json
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.serving import serving
from benchmarks.supply import Supply, numbered
from benchmarks.timing import Spread

CRYSTALS, ROUNDS = 1000, 3
JSON_LINES = {"Content-Type": "application/x-ndjson"}


def measure(count: int = CRYSTALS, rounds: int = ROUNDS) -> dict[str, Any]:
    """Return the ratio of the times, each round in turn, and the times in s."""
    with tempfile.TemporaryDirectory() as folder, serving() as server:
        supply = Supply(Path(folder))
        single: list[float] = []
        batch: list[float] = []
        for _ in range(rounds):
            for way, seconds in ((_one_by_one, single), (_at_once, batch)):
                texts = [numbered(number) for number in range(supply.first, supply.first + count)]
                supply.first += count
                start = time.perf_counter()
                way(urlsplit(server.url).netloc, texts)
                seconds.append(time.perf_counter() - start)
    ratio = np.array(single) / np.array(batch)
    return {
        "crystals": count,
        "ratio": Spread.of(ratio).document(),
        "single_s": Spread.of(single).document(),
        "batch_s": Spread.of(batch).document(),
    }


def _one_by_one(host: str, texts: list[str]) -> None:
    connection = http.client.HTTPConnection(host)
    for text in texts:
        connection.request("POST", "/predict", text, {"Content-Type": "text/plain"})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()  # noqa: PLR2004
        answer.read()


def _at_once(host: str, texts: list[str]) -> None:
    connection = http.client.HTTPConnection(host)
    body = "\n".join(json.dumps({"cif": text}) for text in texts)
    connection.request("POST", "/predict/batch", body, JSON_LINES)
    lines = [json.loads(line) for line in connection.getresponse()]
    assert sorted(line["index"] for line in lines) == list(range(len(texts)))
    assert all(line["problem"] is None for line in lines)
