"""The server of optimade-python-tools with structures of a test, in a process of its own."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from pymatgen.core import Structure

SETTINGS = {
    "OPTIMADE_CONFIG_FILE": "/nowhere",
    "OPTIMADE_DATABASE_BACKEND": "mongomock",
    "OPTIMADE_INSERT_TEST_DATA": "false",
}
STARTS_WITHIN = 60  # s


HEADER = {"x-optimade": {"meta": {"api_version": "1.2.0"}}}


@contextmanager
def running_optimade(file: Path, structures: dict[str, Structure]) -> Iterator[str]:
    """Give the base address of a server of these structures, once it answers."""
    lines = [HEADER, *(_entry(name, structure) for name, structure in structures.items())]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-m", "uvicorn", "optimade.server.main:app"]
    server = subprocess.Popen(
        [*command, "--port", str(port)],
        env=os.environ | SETTINGS | {"OPTIMADE_INSERT_FROM_JSONL": str(file)},
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(f"{base}/v1/structures?page_limit=1")
        yield base
    finally:
        server.terminate()
        server.wait(10)


def _entry(name: str, structure: Structure) -> dict[str, Any]:
    composition = structure.composition
    elements = sorted(element.symbol for element in composition)
    attributes = {
        "last_modified": "2026-01-01T00:00:00Z",
        "elements": elements,
        "nelements": len(elements),
        "elements_ratios": [composition.get_atomic_fraction(each) for each in elements],
        "chemical_formula_reduced": composition.reduced_formula,
        "chemical_formula_anonymous": composition.anonymized_formula,
        "dimension_types": [1, 1, 1],
        "nperiodic_dimensions": 3,
        "lattice_vectors": structure.lattice.matrix.tolist(),
        "cartesian_site_positions": structure.cart_coords.tolist(),
        "nsites": len(structure),
        "species_at_sites": [site.specie.symbol for site in structure],
        "species": [
            {"name": each, "chemical_symbols": [each], "concentration": [1.0]} for each in elements
        ],
        "structure_features": [],
    }
    return {"id": name, "type": "structures", "attributes": attributes}


def _wait(address: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - on this machine
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(address)
