"""More requests than the service can bear: what it accepts is right, and not much later."""

import asyncio
import json
import time
from dataclasses import dataclass, field

import numpy as np
import orjson

from tests.endurance.load import Crystal, Tally, crystals
from tests.service_process import ServiceProcess

CLIENTS = 64  # as many as places in the queue: the service is busy all the time, none is refused
CALM = 20.0  # s
TIMES = 3.0  # the sustainable rate
MANY = 256  # connections, so that those that wait do not keep others from being sent
LATER = 2.0  # times the latency under the sustainable load, at most


@dataclass
class Stream:
    """Requests over connections of their own, at `rate` a second or as fast as they are answered.

    Each answer is compared with what the fake ensemble says of the crystal that was sent.
    """

    port: int
    rate: float = 0.0
    tally: Tally = field(default_factory=Tally)
    accepted: list[float] = field(default_factory=list)

    async def run(self, clients: int, seconds: float = np.inf, requests: float = np.inf) -> float:
        """Send until the time or the number is reached; return the requests answered a second."""
        self._source = crystals()
        self._end = time.monotonic() + seconds
        self._left = requests
        self._next = start = time.monotonic()
        await asyncio.gather(*(self._client() for _ in range(clients)))
        return len(self.accepted) / (time.monotonic() - start)

    async def _client(self) -> None:
        connection = None
        while self._left > 0 and time.monotonic() < self._end:
            self._left -= 1
            if self.rate:
                wait, self._next = self._next - time.monotonic(), self._next + 1 / self.rate
                await asyncio.sleep(max(0.0, wait))
            if connection is None:  # opened when it is needed: unused ones are closed after 10 s
                connection = await asyncio.open_connection("127.0.0.1", self.port)
            if not await self._ask(*connection, next(self._source)):
                connection[1].close()
                connection = None
        if connection is not None:
            connection[1].close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, crystal: Crystal
    ) -> bool:
        """Return whether the request was answered."""
        body = crystal.text.encode()
        start = time.monotonic()
        head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        try:
            writer.write(head.encode() + body)
            lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            answer = orjson.loads(await reader.readexactly(length))
        except (OSError, EOFError) as error:
            self.tally.outcomes[f"lost {type(error).__name__}"] += 1
            return False
        status = int(lines[0].split()[1])
        self.tally.outcomes[str(status)] += 1
        if status == 200:
            self.accepted.append(time.monotonic() - start)
            self._compare(crystal, answer)
        return True

    def _compare(self, crystal: Crystal, answer: dict[str, dict[str, float]]) -> None:
        if abs(answer["ltc"]["mean"] - crystal.mean) > 1e-6:
            self.tally.wrong.append(f"{sorted(crystal.elements)}: {answer['material']}")


async def overload(
    requests: int, calm_seconds: float = CALM, later: float = LATER, most_seconds: float = np.inf
) -> bool:
    """Return whether all held under three times the sustainable load; print the figures.

    `calm_seconds` is how long that load is measured, `later` by how much the latency may grow; no
    more are sent after `most_seconds`.
    """
    service = ServiceProcess({})
    try:
        await asyncio.to_thread(service.wait_until_ready, 300)
        calm = Stream(service.port)
        rate = await calm.run(CLIENTS, seconds=calm_seconds)
        more = Stream(service.port, TIMES * rate)
        accepted = await more.run(MANY, seconds=most_seconds, requests=requests)
    finally:
        service.kill()
        service.log_file.unlink(missing_ok=True)
    ratio = float(np.median(more.accepted) / np.median(calm.accepted))
    figures = {
        "sustainable_per_s": round(rate, 1),
        "accepted_per_s": round(accepted, 1),
        "outcomes": dict(sorted(more.tally.outcomes.items())),
        "wrong": len(more.tally.wrong),
        "calm_ms": _percentiles(calm.accepted),
        "accepted_ms": _percentiles(more.accepted),
        "median_ratio": round(ratio, 2),
    }
    print(json.dumps(figures, indent=2))  # noqa: T201
    declared = set(more.tally.outcomes) <= {"200", "429"}
    return declared and not more.tally.wrong and ratio < later


def _percentiles(seconds: list[float]) -> dict[str, float]:
    found = np.percentile(seconds, (50, 95, 99)) * 1e3
    return dict(zip(("p50", "p95", "p99"), np.round(found, 1).tolist(), strict=True))
