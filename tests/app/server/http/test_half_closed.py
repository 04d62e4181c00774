"""Clients that end their sending side: those that wait get their answer, work for others ends."""

import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.app.server.ailing_service import SLOW
from tests.app.server.test_workers import until
from tests.service_process import ServiceProcess, received, service_process

INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceProcess]:
    with service_process("tests.app.server.ailing_service") as process:
        yield process


def upload(cif: str, number: int, *, slow: bool = False, version: str = "1.1") -> bytes:
    """Return a request whose answer no cache has; a slow one takes `SLOW` seconds."""
    rest = cif.partition("\n")[2]
    body = f"{'data_slow' if slow else 'data_fast'} # {number}\n{rest}".encode()
    head = f"POST /predict HTTP/{version}\r\nHost: x\r\nContent-Type: text/plain\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body


def half_closed(service: ServiceProcess, request: bytes) -> bytes:
    """Send the request, end the sending side; return all that comes back."""
    with service.connect() as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return received(connection)


def left(service: ServiceProcess) -> float:
    return service.metric("paraisite_requests_total", status="499")


def test_a_client_that_waits_gets_its_answer(service, rocksalt_cif):
    answer = half_closed(service, upload(rocksalt_cif, 1))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer
    assert b"NaCl" in answer


def test_a_client_that_waits_long_gets_an_interim_response_first(service, rocksalt_cif):
    answer = half_closed(service, upload(rocksalt_cif, 2, slow=True))
    assert answer.startswith(INTERIM + b"HTTP/1.1 200")
    assert answer.count(INTERIM) == 1


def test_all_pipelined_requests_are_answered(service, rocksalt_cif):
    requests = [upload(rocksalt_cif, number, slow=number == 4) for number in (3, 4, 5)]
    answer = half_closed(service, b"".join(requests))
    assert answer.count(b"HTTP/1.1 200") == 3


def test_a_batch_is_answered_in_full(service, rocksalt_cif):
    lines = [json.dumps({"cif": f"{rocksalt_cif}# batch {number}\n"}) for number in range(5)]
    body = "\n".join(lines).encode()
    head = b"POST /predict/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    answer = half_closed(service, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.count(b'"problem":null') == 5
    assert answer.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("version", ["1.1", "1.0"])
@pytest.mark.parametrize("ends_first", [True, False])
def test_work_ends_when_the_client_leaves(service, rocksalt_cif, version, ends_first):
    before = left(service)
    number = 10 + 2 * ends_first + (version == "1.0")
    start = time.monotonic()
    with service.connect() as connection:
        connection.sendall(upload(rocksalt_cif, number, slow=True, version=version))
        if ends_first:
            connection.shutdown(socket.SHUT_WR)
    until(lambda: left(service) == before + 1)
    assert time.monotonic() - start < SLOW


def test_a_client_whose_request_is_not_whole_has_left(service, rocksalt_cif):
    before = left(service)
    assert half_closed(service, upload(rocksalt_cif, 20)[:-1]) == b""
    until(lambda: left(service) == before + 1)


def test_an_idle_connection_ends(service):
    assert half_closed(service, b"") == b""
    answer = half_closed(service, b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
