"""A local server that speaks as much of the Materials Project's API as its client asks for.

`python -m tests.materials_project_server --port 8089`, then start the service with
MP_API_ENDPOINT=http://localhost:8089/ and any 32 characters as MP_API_KEY.
"""

import argparse
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pymatgen.core import Structure

STRUCTURES = Path(__file__).with_name("materials_project_structures.json")
HEARTBEAT = {
    "status": "OK",
    "version": "0.87.3",
    "db_version": "2026.09.01",
    "access_controlled_batch_ids": [],
}


@dataclass
class Behaviour:
    """What the server does: the key it wants (None: any), and how many answers fail, and how.

    `body` is what it answers in place of documents, `redirect` where it sends clients, `drip` the
    seconds between one byte of an answer and the next, `tasks` the materials of tasks.
    """

    key: str | None = None
    failures: int = 0
    failure_status: int = 503
    garbage: bool = False
    body: bytes | None = None
    redirect: str | None = None
    drip: float = 0.0
    tasks: dict[str, str] = field(default_factory=dict)
    silent: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)


class MaterialsProjectServer(ThreadingHTTPServer):
    """Serves the structures of a JSON file of {id: {lattice, species, frac_coords}}."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0, structures: Path = STRUCTURES) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.behaviour = Behaviour()
        self.structures: dict[str, Any] = json.loads(structures.read_text())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that leave."""

    @property
    def endpoint(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: MaterialsProjectServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        behaviour = self.server.behaviour
        behaviour.asked.append(self.path)
        if behaviour.silent.is_set():
            threading.Event().wait(5)
            return
        if url.path == "/heartbeat":
            self._answer(200, HEARTBEAT)
        elif behaviour.redirect is not None:
            self.send_response(302)
            self.send_header("Location", behaviour.redirect)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif behaviour.body is not None:
            self._send(200, behaviour.body)
        elif behaviour.failures > 0:
            behaviour.failures -= 1
            self._answer(behaviour.failure_status, {"detail": "made to fail"})
        elif behaviour.key not in (None, self.headers.get("x-api-key")):
            self._answer(401, {"message": "Invalid authentication credentials"})
        elif url.path.rstrip("/") == "/materials/core":
            self._answer(200, self._documents(parse_qs(url.query)))
        elif url.path.rstrip("/") == "/materials/summary":
            self._answer(200, self._found(parse_qs(url.query)))
        else:
            self._answer(404, {"detail": "Not Found"})

    def _documents(self, query: dict[str, list[str]]) -> dict[str, Any]:
        if self.server.behaviour.garbage:
            return {"data": [{"unexpected": True}], "meta": {"total_doc": 1}}
        structures, tasks = self.server.structures, self.server.behaviour.tasks
        wanted = query.get("material_ids", [""])[0].split(",")
        wanted += [tasks.get(task, "") for task in query.get("task_ids", [""])[0].split(",")]
        documents = [
            {"material_id": i, "structure": Structure(*structures[i].values()).as_dict()}
            for i in wanted
            if i in structures
        ]
        return {"data": documents, "meta": {"total_doc": len(documents)}}

    def _found(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Return a page of the materials with as many sites and with the elements asked for."""
        structures = {i: Structure(*s.values()) for i, s in self.server.structures.items()}
        elements = set(query.get("elements", [""])[0].split(",")) - {""}
        low, high = (
            int(query.get(f"nsites_{end}", [n])[0]) for end, n in (("min", 0), ("max", 999))
        )
        found = [
            {"material_id": i, "structure": structure.as_dict()}
            for i, structure in sorted(structures.items())
            if low <= len(structure) <= high
            and elements <= {element.symbol for element in structure.composition}
        ]
        page, size = int(query.get("_page", ["1"])[0]), int(query.get("_per_page", ["100"])[0])
        shown = found[(page - 1) * size : page * size]
        return {"data": shown, "meta": {"total_doc": len(found)}}

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, json.dumps(content).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not self.server.behaviour.drip:
            self.wfile.write(body)
            return
        for byte in body:
            time.sleep(self.server.behaviour.drip)
            self.wfile.write(bytes([byte]))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Keep quiet."""


@contextmanager
def running_server(port: int = 0) -> Iterator[MaterialsProjectServer]:
    """Serve in a thread."""
    server = MaterialsProjectServer(port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8089)
    server = MaterialsProjectServer(parser.parse_args().port)
    print(f"Serving {', '.join(server.structures)} on {server.endpoint}")  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
