"""Heads, connections and bodies of clients that mean no good, against a real server process."""

import json
import socket
import threading
import time

import pytest

from tests.service_process import ServiceProcess, received, service_process

HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"


@pytest.fixture(scope="module")
def service():
    with service_process(
        HEAD_TIMEOUT="1",
        BODY_STALL_TIMEOUT="1",
        BODY_MIN_RATE="100000",
        MAX_BODY_BYTES_IN_FLIGHT="2000000",
        MAX_CONNECTIONS="40",
        KEEP_ALIVE="75",
    ) as running:
        yield running


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def problem(answer: bytes) -> str:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b"x-content-type-options: nosniff" in head
    kind: str = json.loads(body)["type"]
    return kind.rsplit("/", 1)[1]


@pytest.mark.parametrize(
    ("head", "expected", "kind"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "url-too-long"),
        (b"GET /" + b"a" * 900_000, 414, "url-too-long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 40_000 + b"\r\n\r\n", 431, "head-too-large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 50_000, 431, "head-too-large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 900_000, 431, "head-too-large"),
        (b"nonsense\r\n\r\n", 400, "malformed-request"),
    ],
)
def test_heads_that_are_too_large_are_refused(service, head, expected, kind):
    answer = service.exchange(head)
    assert (status(answer), problem(answer)) == (expected, kind)


def test_heads_within_the_limits_are_answered(service):
    head = b"GET /health/live?" + b"a" * 8000 + b" HTTP/1.1\r\nConnection: close\r\nHost: x\r\nA: "
    assert status(service.exchange(head + b"b" * 20_000 + b"\r\n\r\n")) == 200


def test_endless_headers_neither_grow_the_process_nor_hold_up_others(service):
    before = service.memory
    stop = threading.Event()

    def flood() -> None:
        while not stop.is_set():
            try:
                with service.connect() as connection:
                    connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
                    for _ in range(300):
                        connection.sendall(b"b" * 1_000_000)
            except OSError:
                pass  # closed, as it should be

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    slowest = 0.0
    for _ in range(20):
        start = time.perf_counter()
        assert service.get("/health/live").status_code == 200
        slowest = max(slowest, time.perf_counter() - start)
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    assert slowest < 1.0
    assert service.memory - before < 50e6


def test_a_head_that_drips_is_ended(service):
    start = time.monotonic()
    with service.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
        for _ in range(20):
            time.sleep(0.1)
            try:
                connection.sendall(b"T")
            except OSError:
                break
        answer = connection.recv(65536)
    assert (status(answer), problem(answer)) == (408, "head-timeout")
    assert time.monotonic() - start < 4


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"1\r\nx\r\n0\r\n", b"a: b\r\n" * 10_000),
        (b"1\r\nx\r\n0\r\na: ", b"b" * 65536),
        (b"1;", b"a" * 65536),
        (b"0", b"0" * 65536),
    ],
    ids=["trailers", "trailer", "extension", "size"],
)
def test_what_comes_around_the_chunks_of_a_body_is_bounded(service, begin, more):
    before = service.memory
    with service.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + begin)
        with pytest.raises(OSError):  # noqa: PT011 - reset or closed
            connection.sendall(more * 1000)
    assert service.memory - before < 10e6
    assert "refused 127.0.0.1: malformed-request" in service.log


def test_a_body_with_a_damaged_chunk_gets_an_answer(service):
    answer = service.exchange(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
    assert (status(answer), problem(answer)) == (400, "malformed-request")


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


@pytest.mark.parametrize("pause", [0, 0.2])
def test_an_offer_of_http2_is_passed_over_with_its_body_read(service, rocksalt_cif, pause):
    """As `curl --http2` and Java's HttpClient send it."""
    body = rocksalt_cif.encode()
    with service.connect() as connection:
        connection.sendall(HEAD + UPGRADE + b"Content-Length: %d\r\n\r\n" % len(body))
        time.sleep(pause)
        connection.sendall(body + b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        first, _, second = received(connection).partition(b"HTTP/1.1 404")
    assert status(first) == 200
    assert b"NaCl" in first
    assert second


def test_an_offer_of_another_protocol_and_an_end(service):
    websocket = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\n"
    assert status(service.exchange(websocket + b"Upgrade: websocket\r\n\r\n")) == 200
    assert status(service.exchange(b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n")) in {400, 404, 405}


def test_a_connection_that_is_never_used_is_closed(service):
    with service.connect() as connection:
        start = time.monotonic()
        assert connection.recv(1) == b""
    assert 0.5 < time.monotonic() - start < 3


def test_pipelined_requests_are_answered_in_order(service):
    request = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answers = service.exchange(request * 50 + last)
    assert answers.count(b"HTTP/1.1 200") == 50
    assert answers.rindex(b"HTTP/1.1 404") > answers.rindex(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "refused",
    [
        b"BAD\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nnothing\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"a" * 9000,
        b"GET / HTTP/1.1\r\nHost:",  # never ends
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_requests_before_one_that_is_refused_are_answered(service, rocksalt_cif, count, refused):
    body = rocksalt_cif.encode()
    good = HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answer = service.exchange(good * count + refused)
    assert answer.count(b"HTTP/1.1 200") == count
    last = answer[answer.rindex(b"HTTP/1.1 ") :]
    assert 400 <= status(last) < 500
    assert problem(last)
    assert "Traceback" not in service.log


def test_idle_connections_are_kept_longer_than_a_proxy_keeps_its_own(service):
    with service.connect() as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while b'"live"' not in answer:  # head and body may come apart
            answer += connection.recv(65536)
        assert status(answer) == 200
        connection.settimeout(6)  # uvicorn's own limit is 5 s, and that for a new head here 1 s
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(20)
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert status(connection.recv(65536)) == 200


def test_clients_that_hold_connections_open_keep_nobody_out(service):
    held = [service.connect() for _ in range(200)]
    try:
        for connection in held[::2]:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        assert service.get("/health/live").status_code == 200
        assert service.metric("paraisite_open_connections") <= 40
    finally:
        for connection in held:
            connection.close()


def test_bodies_that_stall_are_ended_and_keep_nobody_out(service, rocksalt_cif):
    stalled = [service.connect() for _ in range(35)]
    try:
        for connection in stalled:
            connection.sendall(HEAD + b"Content-Length: 900000\r\n\r\n" + b"x" * 200_000)
        assert service.post(rocksalt_cif).status_code == 200
        assert service.metric("paraisite_body_bytes_in_flight") <= 2_000_000
        answers = [received(connection) for connection in stalled]
    finally:
        for connection in stalled:
            connection.close()
    ended = [answer for answer in answers if answer]
    assert {(status(a), problem(a)) for a in ended} == {(408, "body-timeout")}
    assert len(ended) > 30
    assert service.metric("paraisite_body_bytes_in_flight") == 0


def test_a_body_that_drips_is_ended(service):
    start = time.monotonic()
    with service.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 900000\r\n\r\n")
        while time.monotonic() - start < 10:
            time.sleep(0.2)
            try:
                connection.sendall(b"x" * 100)
            except OSError:
                break
    assert time.monotonic() - start < 7


def test_a_body_that_is_too_large_gets_its_answer_and_then_an_end(service):
    with service.connect() as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        start = time.monotonic()
        try:
            while time.monotonic() - start < 10:
                connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                sent += 0x10000
        except OSError:
            pass
        assert sent < 40_000_000  # taken, drained and buffered by sockets
        assert time.monotonic() - start < 5


def test_a_client_that_goes_on_sending_can_still_read_that_its_body_is_too_large(service):
    """A proxy does, and says 502 when it is reset before it has read the answer."""
    with service.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 80000000\r\n\r\n")
        connection.settimeout(0)
        sent, start = 0, time.monotonic()
        while time.monotonic() - start < 1:
            try:
                sent += connection.send(b"x" * 0x10000)
            except BlockingIOError:
                time.sleep(0.01)
        connection.settimeout(5)
        answer = connection.recv(0x10000)
    assert sent > 4_000_000
    assert (status(answer), problem(answer)) == (413, "structure-too-large")


def test_a_pipelined_body_may_come_slowly(service):
    with service.connect() as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.sendall(HEAD + b"Content-Length: 400000\r\n\r\n")
        for _ in range(16):
            connection.sendall(b"x" * 25_000)
            time.sleep(0.2)
        answers = connection.recv(65536)
        while b"/problems/" not in answers:
            answers += connection.recv(65536)
    assert answers.count(b"HTTP/1.1 ") == 2


def test_an_answer_that_comes_before_the_body_says_that_the_connection_ends(service):
    with service.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 17000000\r\n\r\n")
        early = received(connection)
        assert b"connection: close" in early.lower()
    with service.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 4\r\n\r\nNaCl")
        assert b"connection: close" not in connection.recv(65536).lower()


def test_a_client_that_closes_can_still_read_that_its_body_is_too_large(service):
    """A reset would make it lose the answer: uvicorn's close with bytes unread sends one."""
    for _ in range(5):
        with service.connect() as connection:
            connection.sendall(HEAD + b"Connection: close\r\nContent-Length: 17200000\r\n\r\n")
            connection.sendall(b"x" * 200_000)
            time.sleep(0.05)
            connection.shutdown(socket.SHUT_WR)
            answer = received(connection)
        assert (status(answer), problem(answer)) == (413, "structure-too-large")


def test_an_upload_that_stalls_at_the_end_is_answered(rocksalt_cif):
    with service_process(BODY_STALL_TIMEOUT="2") as service, service.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 900000\r\n\r\n" + b"x" * 1000)
        time.sleep(0.3)
        service.process.terminate()
        answer = received(connection)
        service.process.wait(20)
    assert (status(answer), problem(answer)) == (408, "body-timeout")


def test_a_taken_port_is_noticed_before_anything_is_loaded(service):
    start = time.monotonic()
    other = ServiceProcess({"PORT": str(service.port)})
    assert other.process.wait(60) == 1
    log = other.log
    other.log_file.unlink()
    assert "cannot listen on 127.0.0.1" in log
    assert "Ready" not in log
    assert "Started server" not in log
    assert time.monotonic() - start < 30
