"""Clients that do not read their answers, and requests that come while answers are made."""

import socket
import time

import pytest

from tests.app.server.ailing_service import SLOW
from tests.app.server.http.test_half_closed import upload
from tests.service_process import ServiceProcess, received, service_process

OPENAPI = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
LIVE = b"GET /health/live HTTP/1.0\r\n\r\n"
MODULE = "tests.app.server.ailing_service"


def deaf(service: ServiceProcess) -> socket.socket:
    """Return the connection of a client that asks for much and reads nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", service.port))
    connection.sendall(OPENAPI * 100)
    return connection


def test_a_client_that_reads_nothing_is_given_up():
    with service_process(MODULE, ANSWER_STALL_TIMEOUT="2") as service, deaf(service) as connection:
        assert ended_within(15, connection)


def ended_within(seconds: float, connection: socket.socket) -> bool:
    for _ in range(int(seconds / 0.2)):
        time.sleep(0.2)
        try:
            connection.send(b"\r\n")
        except (ConnectionResetError, BrokenPipeError):
            return True
    return False


def test_a_slow_reader_gets_its_answer():
    with service_process(MODULE, ANSWER_STALL_TIMEOUT="2") as service, deaf(service) as connection:
        found, start = 0, time.monotonic()
        while time.monotonic() - start < 6:
            found += len(connection.recv(4096))
            time.sleep(0.1)
        assert found > 40_000
        assert connection.recv(10)


def test_clients_that_read_nothing_keep_nobody_out():
    with service_process(MODULE, MAX_CONNECTIONS="5") as service:
        held = [deaf(service) for _ in range(5)]
        time.sleep(4)
        answers = [service.exchange(LIVE) for _ in range(10)]
        for connection in held:
            connection.close()
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)


@pytest.mark.parametrize(
    ("following", "n_answers"), [(b"\r\n", 1), (b"GET / HT", 2), (b"BAD\r\n\r\n", 2)]
)
def test_an_answer_is_not_cut_by_what_follows_its_request(rocksalt_cif, following, n_answers):
    """Here a head must come within a second, and the answer takes two."""
    with (
        service_process(MODULE, HEAD_TIMEOUT="1", KEEP_ALIVE="2") as service,
        service.connect() as connection,
    ):
        connection.sendall(upload(rocksalt_cif, 1, slow=True))
        time.sleep(0.3)
        connection.sendall(following)
        answer = received(connection)
        assert "Traceback" not in service.log
    assert SLOW > 1
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1 ") == n_answers
    assert answer.count(b"HTTP/1.1 4") == n_answers - 1
