"""A service whose reading goes wrong on demand: `python -m tests.app.server.ailing_service`.

Its ensemble has the name in the file that ENSEMBLE_NAME_FILE names; an empty one is damaged. While
the file that LOADING_FILE names exists, loading goes on.
"""

import ctypes
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.server.serve import serve
from app.service import predictor
from app.settings import Settings
from models.errors import DamagedEnsemble
from models.structure.checks import StructureLimits
from models.structure.read import StructureFile, read_structure
from tests.app.conftest import FakeEnsemble

MEBIBYTE = 1024 * 1024
SLOW = 2.0  # s


def loop() -> None:
    while True:
        pass


def hold() -> None:
    """Hold the interpreter's lock: nothing else of the process runs."""
    ctypes.PyDLL(None).sleep(1000)


def eat() -> None:
    held = []
    while True:
        held.append(b"x" * (4 * MEBIBYTE))
        time.sleep(0.01)


def slow() -> None:
    time.sleep(SLOW)


def crash() -> None:
    ctypes.string_at(0)


AILMENTS: dict[bytes, Callable[[], None]] = {
    b"data_loop": loop,
    b"data_hold": hold,
    b"data_eat": eat,
    b"data_crash": crash,
    b"data_slow": slow,
}


def load(_settings: Settings) -> list[FakeEnsemble]:
    """Return the ensemble of today. Raises DamagedEnsemble."""
    file = os.environ.get("ENSEMBLE_NAME_FILE")
    name = Path(file).read_text() if file else "mix-stage3"
    while Path(os.environ.get("LOADING_FILE", "/nowhere")).exists():
        time.sleep(0.01)
    if not name:
        raise DamagedEnsemble("It is empty.")
    return [FakeEnsemble(name)]


def main() -> int:
    """Return the exit status of the service."""

    def read_file(content: bytes, limits: StructureLimits) -> StructureFile:
        if ailment := AILMENTS.get(content.split()[0]):
            ailment()
        return read_structure(content, limits)

    vars(predictor)["read_file"] = read_file
    return serve(Settings(), load=load)


if __name__ == "__main__":
    sys.exit(main())
