"""Traces by OpenTelemetry: sent where the environment says so, by FastAPI itself."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.service_process import service_process

TRACES = "/v1/traces"


class Collector(ThreadingHTTPServer):
    """Receives spans as a collector of OpenTelemetry does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[str] = []
        self.arrived = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path == TRACES:
            server = self.server
            assert isinstance(server, Collector)
            sent = ExportTraceServiceRequest.FromString(body)
            groups = [scope for resource in sent.resource_spans for scope in resource.scope_spans]
            server.spans += [span.name for scope in groups for span in scope.spans]
            server.arrived.set()
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_requests_are_traced_where_the_environment_says_so(collector, rocksalt_cif):
    environment = {
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with service_process(**environment) as service:
        assert service.post(rocksalt_cif).status_code == 200
        assert collector.arrived.wait(20)
        service.terminate()
    assert "POST /predict" in collector.spans


def test_nothing_is_sent_else(collector, rocksalt_cif):
    with service_process(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as service:
        assert service.post(rocksalt_cif).status_code == 200
        service.terminate()
    assert collector.spans == []
