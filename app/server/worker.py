"""Worker processes as their supervisor sees them, and what they tell it."""

import math
import socket
import time
from contextlib import suppress
from dataclasses import dataclass

# It can take connections, one of them has ended, it takes no more, it cannot load the ensembles.
READY, CLOSED, LEAVING, FAILED = b"+", b"-", b"x", b"!"
PLACEHOLDER = -1  # number of the process that answers until a worker can


@dataclass
class Worker:
    """A worker process, the supervisor's end of the line to it, and its open connections."""

    number: int
    slot: int
    pid: int
    line: socket.socket
    started: float
    connections: int = 0
    given: int = 0  # connections so far
    ready: bool = False
    leaving: bool = False
    silent: bool = False
    ends_by: float = math.inf

    def leave(self, within: float) -> None:
        """Let it finish its requests and end: nothing more comes through the line."""
        self.leaving = True
        self.ends_by = time.monotonic() + within
        with suppress(OSError):
            self.line.shutdown(socket.SHUT_WR)
