"""Faults of everything around the service, one after the other, under load."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.endurance.load import Load
from tests.materials_project_server import MaterialsProjectServer, running_server
from tests.redis_server import RedisServer
from tests.service_process import ServiceProcess

EXPECTED = (
    "200",
    "408 body-timeout",
    "429 overloaded",
    "503 not-ready",
    "503 overloaded",
    "503 stopping",
    "503 timeout",
    "503 too-many-connections",
)
KNOWN_ID, OTHER_ID = "mp-22862", "mp-9127"


@dataclass
class Stage:
    """Everything that can be broken."""

    service: ServiceProcess
    redis: RedisServer
    materials: MaterialsProjectServer
    settings: dict[str, str]

    def restart(self) -> None:
        """Start the service again on its port."""
        self.service = ServiceProcess(self.settings | {"PORT": str(self.service.port)})
        self.service.wait_until_ready()


Fault = Callable[[Stage], Awaitable[None]]


async def redis_hangs(stage: Stage) -> None:
    assert stage.redis.process is not None
    stage.redis.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(2)
    stage.redis.process.send_signal(signal.SIGCONT)


async def redis_dies(stage: Stage) -> None:
    stage.redis.stop()
    await asyncio.sleep(2)
    await asyncio.to_thread(stage.redis.start)


async def redis_is_full(stage: Stage) -> None:
    with stage.redis.client() as client:
        client.config_set("maxmemory", "1")
        await asyncio.sleep(2)
        client.config_set("maxmemory", "0")


async def redis_holds_nonsense(stage: Stage) -> None:
    with stage.redis.client() as client:
        for key in client.keys("paraisite:*")[:500]:
            client.set(key, b"{}")
    await asyncio.sleep(1)


async def redis_holds_values_of_other_keys(stage: Stage) -> None:
    with stage.redis.client() as client:
        keys = [key for key in client.keys("paraisite:*") if client.type(key) == b"string"][:500]
        values = [client.get(key) for key in keys]
        random.shuffle(values)
        for key, value in zip(keys, values, strict=True):
            if value is not None:
                client.set(key, value)
    await asyncio.sleep(1)


async def materials_project_drips(stage: Stage) -> None:
    await _learn_known_id(stage)
    stage.materials.behaviour.drip = 0.05
    await _ask_for_ids(stage)
    stage.materials.behaviour.drip = 0.0


async def materials_project_lies(stage: Stage) -> None:
    await _learn_known_id(stage)
    stage.materials.behaviour.body = b'{"data": [{"structure": {}}]}'
    await _ask_for_ids(stage)
    stage.materials.behaviour.body = None


async def connections_stay_open(stage: Stage) -> None:
    held = [socket.create_connection(("127.0.0.1", stage.service.port)) for _ in range(300)]
    for connection in held[::2]:
        with contextlib.suppress(OSError):
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nx"
            )
    await asyncio.sleep(2)
    for connection in held:
        connection.close()


async def heads_do_not_end(stage: Stage) -> None:
    def send() -> None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", stage.service.port)) as connection,
        ):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
            for _ in range(50):
                connection.sendall(b"b" * 1_000_000)

    await asyncio.gather(*(asyncio.to_thread(send) for _ in range(10)))


async def clients_leave(stage: Stage) -> None:
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", stage.service.port)) as connection:
            connection.sendall(
                b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
                b"Content-Length: 10\r\n\r\ndata_x\n\n\n\n"[:60]
            )
        await asyncio.sleep(0.01)


async def process_is_killed(stage: Stage) -> None:
    stage.service.kill()
    stage.service.log_file.unlink(missing_ok=True)
    await asyncio.to_thread(stage.restart)


FAULTS: tuple[Fault, ...] = (
    redis_hangs,
    redis_dies,
    redis_is_full,
    redis_holds_nonsense,
    redis_holds_values_of_other_keys,
    materials_project_drips,
    materials_project_lies,
    connections_stay_open,
    heads_do_not_end,
    clients_leave,
    process_is_killed,
)


async def _learn_known_id(stage: Stage) -> None:
    """Have the known id in the cache, whatever faults came before."""
    deadline = time.monotonic() + 90
    async with httpx.AsyncClient(base_url=stage.service.url, timeout=90) as client:
        while (answer := await client.get(f"/predict/{KNOWN_ID}")).status_code != httpx.codes.OK:
            assert time.monotonic() < deadline, answer.text
            await asyncio.sleep(1)


async def _ask_for_ids(stage: Stage) -> None:
    async with httpx.AsyncClient(base_url=stage.service.url, timeout=30) as client:
        answers = await asyncio.gather(
            *(client.get(f"/predict/{i}") for i in (KNOWN_ID, OTHER_ID, KNOWN_ID))
        )
    for known in (answers[0], answers[2]):
        assert known.status_code == httpx.codes.OK, known.text


async def chaos(seconds: float, clients: int = 8, faults: tuple[Fault, ...] = FAULTS) -> bool:
    """Return whether every answer was right or a declared refusal; print the figures."""
    with tempfile.TemporaryDirectory() as directory, running_server() as materials:
        redis = RedisServer(Path(directory))
        redis.start()
        try:
            async with _stage(redis, materials) as stage:
                return await _break(stage, seconds, clients, faults)
        finally:
            redis.stop()


@asynccontextmanager
async def _stage(redis: RedisServer, materials: MaterialsProjectServer) -> AsyncIterator[Stage]:
    settings = {
        "REDIS_URL": redis.url,
        "REDIS_RETRY_INTERVAL": "0.5",
        "REDIS_TIMEOUT": "0.5",  # the load, the fault and the service share few processors
        "MEMORY_CACHE_BYTES": "100000",
        "MP_API_KEY": "k" * 32,
        "MP_API_ENDPOINT": materials.endpoint,
        "MP_TIMEOUT": "5",
        "MAX_CONNECTIONS": "200",
        "BODY_STALL_TIMEOUT": "1",
        "HEAD_TIMEOUT": "1",
    }
    stage = Stage(ServiceProcess(settings), redis, materials, settings)
    try:
        await asyncio.to_thread(stage.service.wait_until_ready)
        await asyncio.to_thread(stage.service.get, f"/predict/{KNOWN_ID}")
        yield stage
    finally:
        stage.service.kill()
        stage.service.log_file.unlink(missing_ok=True)


async def _break(stage: Stage, seconds: float, clients: int, faults: tuple[Fault, ...]) -> bool:
    load = Load(stage.service.url)
    end = time.monotonic() + seconds
    running = asyncio.create_task(load.run(seconds, clients))
    done: list[str] = []
    while time.monotonic() < end and not running.done():
        fault = faults[len(done) % len(faults)]
        await fault(stage)
        done.append(fault.__name__)
        await asyncio.sleep(0.5)
    await running
    kills = done.count(process_is_killed.__name__)
    lost = sum(n for name, n in load.tally.outcomes.items() if name.startswith("lost"))
    unexpected = {
        name: n
        for name, n in load.tally.outcomes.items()
        if name not in EXPECTED and not name.startswith("lost")
    }
    figures = load.tally.summary() | {"faults": len(done), "kills": kills, "unexpected": unexpected}
    print(json.dumps(figures, indent=2))  # noqa: T201
    os.sync()
    return not load.tally.wrong and not unexpected and (kills > 0 or lost == 0)
