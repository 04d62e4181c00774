"""Metrics of all workers at one endpoint."""

import asyncio
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.monitoring.metrics import Metrics

WITHIN = 1.0  # s that a worker has to tell its metrics; without them it is left out


class Siblings:
    """The workers of one service, each with a socket in a private folder that tells its metrics."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder = folder
        self._count = count

    async def tell(self, number: int, metrics: Metrics) -> asyncio.Server:
        """Tell the metrics of worker `number` to whoever asks."""

        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                writer.write(metrics.own_exposition())
                await writer.drain()
                writer.close()

        path = self._path(number)
        path.unlink(missing_ok=True)  # of the worker before
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        return await asyncio.start_unix_server(answer, sock=listener)

    async def exposition(self) -> bytes:
        """Return the metrics of all workers, each with the label `worker`."""
        texts = await asyncio.gather(*(_asked(self._path(n)) for n in range(self._count)))
        return joined({str(number): text for number, text in enumerate(texts) if text})

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.sock"


async def _asked(path: Path) -> str:
    try:
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_unix_connection(str(path))
            try:
                return (await reader.read()).decode()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return ""


def joined(texts: Mapping[str, str]) -> bytes:
    """Return expositions by worker as one, with the label `worker`."""
    families: dict[str, Metric] = {}
    for worker, text in texts.items():
        for found in text_string_to_metric_families(text):
            family = families.setdefault(
                found.name, Metric(found.name, found.documentation, found.type)
            )
            family.samples += [
                sample._replace(labels={**sample.labels, "worker": worker})
                for sample in found.samples
            ]
    return generate_latest(_Collected(tuple(families.values())))


class _Collected:
    """Metrics as a registry gives them."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Return the metrics."""
        return self._families
