"""POST /predict/batch: every form of a body, problems in their lines, and clients that leave."""

import asyncio
import contextlib
import gzip
import io
import json
import socket
import threading
import time
import zipfile

import pytest
from fastapi import Request
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect

from app.api.batch.items import read_batch
from app.api.middleware.bodies import Bodies, Body
from app.api.upload import PIECE
from app.screening.sources.records import IDS
from app.settings import Settings
from tests.app.api.test_predict import code
from tests.app.conftest import FakeEnsemble, Sceptic, serving
from tests.app.screening.conftest import rows_of
from tests.damaged import zip_with_damage
from tests.service_process import ServiceProcess

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def sceptic_client(settings):
    with serving(settings, Sceptic()) as client:
        yield client


def lines_of(response):
    """The lines by index, each checked to be there once."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert sorted(line["index"] for line in lines) == list(range(len(lines)))
    return sorted(lines, key=lambda line: line["index"])


def formulas(response):
    """The formula of each line, or the kind of its problem."""
    return [
        line["answer"]["material"]["formula"]
        if line["answer"]
        else line["problem"]["type"].removeprefix("/problems/")
        for line in lines_of(response)
    ]


def test_json_lines(client, rocksalt_cif, zincblende):
    lines = [
        json.dumps({"cif": rocksalt_cif}),
        json.dumps({"material_id": "mp-x", "structure": zincblende.as_dict()}),
        "",
        json.dumps("data_nothing"),
        "torn {",
        "7",
    ]
    response = client.post("/predict/batch", content="\n".join(lines), headers=NDJSON)
    assert formulas(response) == [
        *("NaCl", "ZnS", "no-structure", "unreadable-structure", "unreadable-structure")
    ]
    assert lines_of(response)[1]["name"] == "mp-x"


@pytest.mark.parametrize("key", IDS)
def test_a_structure_is_named_as_in_a_screening(client, zincblende, key):
    document = {key: "JVASP-1", "structure": zincblende.as_dict()}
    response = client.post("/predict/batch", json=[document, {key: "JVASP-2"}])
    assert formulas(response) == ["ZnS", "invalid-material-id"]
    assert [line["name"] for line in lines_of(response)] == ["JVASP-1", "JVASP-2"]


def test_spaces_around_an_id_are_none_of_it(client):
    response = client.post("/predict/batch", json=[" mp-149\n", {"id": " mp-149 "}])
    assert formulas(response) == ["materials-project-key-missing"] * 2
    assert [line["name"] for line in lines_of(response)] == ["mp-149", "mp-149"]


def test_a_file_in_a_document_is_no_id(client, rocksalt_cif):
    assert formulas(client.post("/predict/batch", json=[{"file": rocksalt_cif}])) == ["NaCl"]


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
def test_a_body_that_is_compressed_is_refused(client, media_type):
    headers = {"Content-Type": media_type, "Content-Encoding": "gzip"}
    refused = client.post("/predict/batch", content=gzip.compress(b'["mp-1"]'), headers=headers)
    assert code(refused) == "unsupported-media-type"
    assert "gzip" in refused.json()["detail"]


def test_a_form_without_files_is_closed(client, monkeypatch):
    closed = []
    really_close = FormData.close

    async def close(form):
        closed.append(form)
        await really_close(form)

    monkeypatch.setattr(FormData, "close", close)
    refused = client.post("/predict/batch", files={"other": ("a.cif", "data_a")})
    assert code(refused) == "no-structure"
    assert closed


def test_the_client_is_watched_after_its_body_has_stalled():
    """The answers to what came before it may take long."""
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b'"mp-1"\n', "more_body": True},
        {},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        message = messages.pop(0)
        await asyncio.sleep(0 if message else 10)
        return message

    async def read() -> list[object]:
        body = Body(receive, Bodies(1000), stall=0.05, rate=1e6)
        scope = {"type": "http", "headers": [(b"content-type", b"application/x-ndjson")]}
        batch = await read_batch(Request(scope, body.receive), Settings())
        watching = asyncio.create_task(batch.watch())
        found: list[object] = [item.error and item.error.code async for item in batch.items]
        with pytest.raises(ClientDisconnect):
            await asyncio.wait_for(watching, 5)
        return found

    assert asyncio.run(read()) == [None, "body-timeout"]


def test_other_work_goes_on_while_a_large_form_is_read():
    """A form of many parts takes a second: in between, the event loop runs."""
    boundary = "b"
    part = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'
    body = (part * 3000 + f"--{boundary}--\r\n").encode()
    headers = [(b"content-type", f"multipart/form-data; boundary={boundary}".encode())]
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body}

    async def read() -> None:
        other = asyncio.create_task(turn())
        request = Request({"type": "http", "headers": headers}, receive)
        batch = await read_batch(request, Settings())
        assert len([item async for item in batch.items]) == 3000
        other.cancel()

    asyncio.run(read())
    assert turns > len(body) / PIECE


def test_an_answer_is_that_of_a_single_request(client, rocksalt_cif):
    response = client.post("/predict/batch", json=[rocksalt_cif, rocksalt_cif])
    single = client.post("/predict", content=rocksalt_cif).json()
    for line in lines_of(response):
        assert line["answer"] | {"cache": "hit"} == single | {"cache": "hit"}
        assert line["problem"] is None


def test_a_row_is_that_of_a_screening(sceptic_client, sceptic, cifs, tmp_path):
    """Thresholds, file names and errors among it."""
    sceptic("screen", cifs, "--out", tmp_path / "ltc.parquet", "--below", 20, "--above", 21)
    names = [row["material_id"] for row in rows_of(tmp_path / "ltc.parquet")]
    files = [("file", (name, (cifs / name).read_bytes())) for name in names]
    response = sceptic_client.post("/predict/batch?below=20&above=21", files=files)
    assert [line["row"] for line in lines_of(response)] == rows_of(tmp_path / "ltc.parquet")


def test_a_crystal_without_a_name_has_its_place_for_one(client, rocksalt_cif):
    (line,) = lines_of(client.post("/predict/batch", json=[rocksalt_cif]))
    assert (line["name"], line["row"]["material_id"]) == (None, "line 1")


def test_a_threshold_that_is_no_conductivity(client, rocksalt_cif):
    response = client.post("/predict/batch?below=0", json=[rocksalt_cif])
    assert code(response) == "invalid-request"


def test_a_json_list_of_ids_and_structures(client, rocksalt_cif):
    response = client.post(
        "/predict/batch", json=["mp-149", {"material_id": "no id"}, rocksalt_cif]
    )
    assert formulas(response) == ["materials-project-key-missing", "invalid-material-id", "NaCl"]
    assert [line["name"] for line in lines_of(response)] == ["mp-149", "no id", None]


def test_files_of_a_form(client, rocksalt_cif, zincblende_cif):
    files = [
        ("file", ("a.cif", rocksalt_cif)),
        ("file", ("b.cif.gz", gzip.compress(zincblende_cif.encode()))),
        ("file", ("c.cif", "data_c")),
    ]
    response = client.post("/predict/batch", files=files)
    assert formulas(response) == ["NaCl", "ZnS", "no-structure"]
    assert [line["name"] for line in lines_of(response)] == ["a.cif", "b.cif.gz", "c.cif"]


def test_a_zip_archive(client, rocksalt_cif, zincblende_cif):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.cif", rocksalt_cif)
        archive.writestr("__MACOSX/a.cif", "")
        archive.writestr("deeper/b.cif", zincblende_cif)
    headers = {"Content-Type": "application/zip"}
    response = client.post("/predict/batch", content=packed.getvalue(), headers=headers)
    assert formulas(response) == ["NaCl", "ZnS"]
    damaged = packed.getvalue().replace(b"_cell_length_a", b"_cell_length_b", 1)
    response = client.post("/predict/batch", content=damaged, headers=headers)
    assert formulas(response) == ["unreadable-structure", "ZnS"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_member_does_not_lose_the_others(client, rocksalt_cif, zincblende_cif, method):
    files = {"a.cif": rocksalt_cif.encode(), "b.cif": zincblende_cif.encode()}
    content = zip_with_damage(method, files)
    headers = {"Content-Type": "application/zip"}
    response = client.post("/predict/batch", content=content, headers=headers)
    assert formulas(response) == ["unreadable-structure", "ZnS"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name(client, rocksalt_cif, zincblende_cif):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("./a.cif", rocksalt_cif)
        archive.writestr("./a.cif", zincblende_cif)
    headers = {"Content-Type": "application/zip"}
    response = client.post("/predict/batch", content=packed.getvalue(), headers=headers)
    assert formulas(response) == ["NaCl", "ZnS"]


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"a", "image/png", "unsupported-media-type"),
        (b"{}", "application/json", "invalid-request"),
        (b"[", "application/json", "invalid-request"),
        (b"PK\x03\x04", "application/zip", "invalid-request"),
        (b"x", "application/zip", "unsupported-media-type"),
        (b'\x1e"mp-1"\n', "application/json-seq", "unsupported-media-type"),
    ],
)
def test_a_body_that_is_no_batch(client, content, media_type, expected):
    headers = {"Content-Type": media_type}
    assert code(client.post("/predict/batch", content=content, headers=headers)) == expected


def test_an_ensemble_that_there_is_not(client):
    assert code(client.post("/predict/batch?ensemble=none", json=["mp-1"])) == "unknown-ensemble"


def test_a_line_that_is_too_long_is_a_problem_of_its_own(ensemble, rocksalt_cif):
    settings = Settings(mp_api_key=None, redis_url=None, max_upload_bytes=2000)
    with serving(settings, ensemble) as client:
        lines = [json.dumps("x" * 40_000), json.dumps(rocksalt_cif), json.dumps("y" * 40_000)]
        response = client.post("/predict/batch", content="\n".join(lines), headers=NDJSON)
    assert formulas(response) == ["structure-too-large", "NaCl", "structure-too-large"]


def test_a_batch_longer_than_the_queue_waits_for_its_places(rocksalt):
    settings = Settings(mp_api_key=None, redis_url=None, max_queue=1, concurrency=1)
    lines = []
    for step in range(30):
        crystal = rocksalt.copy()
        crystal.scale_lattice(rocksalt.volume * (1 + step / 100))
        lines.append(json.dumps(crystal.as_dict()))
    with serving(settings, FakeEnsemble()) as client:
        response = client.post("/predict/batch", content="\n".join(lines), headers=NDJSON)
    assert formulas(response) == ["NaCl"] * 30


@pytest.fixture
def service():
    process = ServiceProcess({})
    process.wait_until_ready()
    yield process
    process.process.terminate()
    process.process.wait(30)


class Duplex:
    """A client that sends lines in chunks, and reads those of the answer in between."""

    def __init__(self, service):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 10_000)
        self._socket.settimeout(60)
        self._socket.connect(("127.0.0.1", service.port))
        self._socket.sendall(
            b"POST /predict/batch HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self._file = self._socket.makefile("rb")

    def send(self, document):
        line = json.dumps(document).encode() + b"\n"
        self._socket.sendall(b"%x\r\n%b\r\n" % (len(line), line))

    def end(self):
        self._socket.sendall(b"0\r\n\r\n")

    def line(self):
        """The next line of the answer."""
        while not (text := self._file.readline()).startswith(b"{"):
            assert text
        return json.loads(text)

    def close(self):
        with contextlib.suppress(OSError):  # it ends a send that waits in another thread
            self._socket.shutdown(socket.SHUT_RDWR)
        self._file.close()
        self._socket.close()


def test_a_line_is_answered_while_the_next_is_not_sent_yet(service, rocksalt_cif):
    client = Duplex(service)
    for index in range(3):
        client.send({"cif": rocksalt_cif})
        assert client.line()["index"] == index
    client.end()
    client.close()


def test_a_client_that_leaves_ends_its_batch(service, rocksalt):
    client = Duplex(service)
    for step in range(200):
        crystal = rocksalt.copy()
        crystal.scale_lattice(rocksalt.volume * (1 + step / 1e3))
        client.send(crystal.as_dict())
    assert client.line()["problem"] is None
    client.close()
    deadline = time.monotonic() + 10
    while in_flight(service):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert 0 < answered(service) < 200


def test_a_client_that_does_not_read_is_waited_for(service, rocksalt):
    """Its lines fill the sockets' buffers; then nothing more is worked on."""
    client = Duplex(service)
    sender = threading.Thread(target=send_until_stuck, args=(client, rocksalt), daemon=True)
    sender.start()
    seen = -1
    deadline = time.monotonic() + 60
    while seen != (now := answered(service)) or not now:
        seen = now
        assert time.monotonic() < deadline
        time.sleep(1)
    assert seen < 20_000
    client.close()
    sender.join(30)


def send_until_stuck(client, rocksalt):
    document = rocksalt.as_dict()
    with contextlib.suppress(OSError):
        for _ in range(20_000):
            client.send(document)


def in_flight(service):
    return service.metric("paraisite_requests_in_flight")


def answered(service):
    """Number of crystals of any batch that were looked up, found or not."""
    return service.metric("paraisite_cache_lookups_total")
