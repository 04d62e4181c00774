"""Workers that hang, grow or crash: they are ended, their input is refused, others are answered."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.server.watchdog import Watchdog
from app.service.work_register import REMEMBERED, WorkerSlot, WorkRegister
from tests.app.server.test_workers import processes, until
from tests.service_process import ServiceProcess, service_process

TIMEOUT = 2.0  # s
SETTINGS = {"WORK_TIMEOUT": str(TIMEOUT), "WORKER_MEMORY": str(512 * 1024 * 1024)}
SOON = 20.0  # s


@pytest.fixture(params=[("1", "compiled"), ("2", "compiled"), ("1", "tensorflow")], ids="-".join)
def service(request: pytest.FixtureRequest) -> Iterator[ServiceProcess]:
    workers, engine = request.param
    settings = SETTINGS | {"WORKERS": workers, "ENGINE": engine}
    with service_process("tests.app.server.ailing_service", **settings) as process:
        yield process


def outcome(service: ServiceProcess, text: str) -> str:
    """Return the status and kind of problem, or `lost`, for a file."""
    headers = {"Content-Type": "text/plain"}
    try:
        answer = httpx.post(f"{service.url}/predict", content=text, headers=headers, timeout=SOON)
    except (httpx.ReadError, httpx.RemoteProtocolError):
        return "lost"
    kind = answer.json().get("type", "").removeprefix("/problems/")
    return f"{answer.status_code} {kind}".strip()


# What holds Python's lock, or crashes, takes its own answer with it.
@pytest.mark.parametrize(
    ("ailment", "first"),
    [
        ("loop", "422 work-stopped"),
        ("hold", "lost"),
        ("eat", "422 work-stopped"),
        ("crash", "lost"),
    ],
)
def test_an_input_costs_one_worker_and_is_refused_from_then_on(service, ailment, first):
    before = processes(service)
    assert outcome(service, f"data_{ailment}\n") == first
    until(lambda: len(set(processes(service)) & set(before)) == len(before) - 1)
    until(lambda: len(processes(service)) == len(before))
    now = processes(service)
    assert [outcome(service, f"data_{ailment}\n") for _ in range(6)] == ["422 work-stopped"] * 6
    assert processes(service) == now
    assert "is refused from now on" in service.log


def test_other_requests_of_a_worker_that_hangs_are_answered(service, rocksalt_cif):
    with ThreadPoolExecutor(5) as pool:
        hung = pool.submit(outcome, service, "data_loop\n")
        time.sleep(0.3)
        end = time.monotonic() + 2 * TIMEOUT

        def ask(client: int) -> list[str]:
            asked: list[str] = []
            while time.monotonic() < end:
                text = rocksalt_cif + f"# {client} {len(asked)}\n"
                asked.append(outcome(service, text))
            return asked

        asked = [each for answers in pool.map(ask, range(4)) for each in answers]
        assert hung.result() == "422 work-stopped"
    assert len(asked) > 10
    assert set(asked) == {"200"}


def test_one_of_several_in_a_crash_is_blamed_the_second_time():
    register = WorkRegister(slots=1, threads=2)
    watchdog = Watchdog(register, seconds=TIMEOUT, n_bytes=1)
    for number, other in enumerate((b"a" * 16, b"b" * 16)):
        register.begin(0, 0, b"x" * 16)
        register.begin(0, 1, other)
        watchdog.note_end(0, signal.SIGSEGV)
        assert set(register.refused()) == ({b"x" * 16} if number else set())


def test_an_end_from_outside_blames_nothing_alone_in_work():
    register = WorkRegister(slots=1, threads=2)
    register.begin(0, 0, b"x" * 16)
    Watchdog(register, seconds=TIMEOUT, n_bytes=1).note_end(0, signal.SIGKILL)
    assert not register.refused()


def test_after_a_standstill_of_everything_workers_get_their_time_again(monkeypatch):
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    register = WorkRegister(slots=1, threads=1)
    watchdog = Watchdog(register, seconds=TIMEOUT, n_bytes=1 << 40)
    register.beat(0)
    now += 60
    watchdog.note_time()
    assert watchdog.verdict(0, os.getpid()) is None
    for _ in range(30):
        now += 0.2
        watchdog.note_time()
    assert watchdog.verdict(0, os.getpid()) is not None


def test_the_oldest_refusals_make_room():
    register = WorkRegister(slots=1, threads=1)
    slot = WorkerSlot(register)
    identities = [number.to_bytes(16) for number in range(1, REMEMBERED + 2)]
    for identity in identities:
        register.refuse(identity, time.monotonic() + 60)
    assert not slot.refuses(identities[0])
    assert all(slot.refuses(each) for each in identities[1:])
    register.refuse(identities[0], time.monotonic() - 1)  # its time is over
    assert not slot.refuses(identities[0])
