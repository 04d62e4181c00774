"""Several workers on one port: they are forked, given connections, and replaced.

Ensembles are loaded before the fork, so that workers share their memory and start at once. The
supervisor accepts connections and hands each to the worker that has fewest: workers that accept
from one socket take as many as they find, and one would have most of them.
"""

import gc
import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

log = logging.getLogger(__name__)

CLOSED, LEAVING = b"-", b"x"  # what a worker says: a connection has ended; it takes no more
ENOUGH = 1024  # bytes of these read at a time
SHORTEST_LIFE = 1.0  # s; a worker that ends sooner is not replaced at once
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

RunWorker = Callable[[int, socket.socket], int]


@dataclass
class Worker:
    """A worker process, the supervisor's end of the line to it, and its open connections."""

    number: int
    pid: int
    line: socket.socket
    started: float
    connections: int = 0
    given: int = 0  # connections so far
    leaving: bool = False
    silent: bool = False

    def leave(self) -> None:
        """Let it finish its requests and end: nothing more comes through the line."""
        self.leaving = True
        with suppress(OSError):
            self.line.shutdown(socket.SHUT_WR)


class Supervisor:
    """Keeps `count` workers on a listening socket.

    `run_worker` is called in each with its number and its end of the line, and gives the exit
    status. SIGTERM and SIGINT stop all within `stop_within` seconds; SIGHUP replaces one after
    another; a worker that ends is replaced.
    """

    def __init__(
        self, listener: socket.socket, count: int, run_worker: RunWorker, stop_within: float
    ) -> None:
        self._listener = listener
        self._count = count
        self._run_worker = run_worker
        self._stop_within = stop_within
        self._workers: dict[int, Worker] = {}  # by process
        self._old: list[Worker] = []  # to be replaced one by one
        self._stopping = False

    def run(self) -> int:
        """Return the exit status once all workers have ended."""
        self._listener.settimeout(0)
        gc.freeze()  # what workers share stays shared
        with _signals() as wakeup:
            for number in range(self._count):
                self._start(number)
            while not self._stopping:
                self._wait(wakeup)
            self._stop(wakeup)
        return 0

    def _wait(self, wakeup: socket.socket, seconds: float | None = None) -> None:
        """Do what the next event asks for."""
        lines = {each.line: each for each in self._workers.values() if not each.silent}
        sources = [wakeup, *lines] if self._stopping else [wakeup, self._listener, *lines]
        for source in select.select(sources, [], [], seconds)[0]:
            if source is wakeup:
                self._take_signals(wakeup.recv(ENOUGH))
            elif source is self._listener:
                self._accept()
            else:
                self._hear(lines[source])

    def _take_signals(self, numbers: bytes) -> None:
        for number in numbers:
            if number == signal.SIGCHLD:
                self._replace_ended()
            elif number == signal.SIGHUP:
                self._old = list(self._workers.values())
                self._renew_next()
            else:
                self._stopping = True

    def _accept(self) -> None:
        with suppress(OSError):  # the client has gone
            connection, _ = self._listener.accept()
            with connection:
                able = [worker for worker in self._workers.values() if not worker.leaving]
                for worker in sorted(able, key=lambda each: (each.connections, each.given)):
                    with suppress(OSError):  # its line is full, or it has just ended
                        socket.send_fds(worker.line, [b"c"], [connection.fileno()])
                        worker.connections += 1
                        worker.given += 1
                        return

    def _hear(self, worker: Worker) -> None:
        said = b""
        with suppress(OSError):
            said = worker.line.recv(ENOUGH)
        worker.connections -= said.count(CLOSED)
        if LEAVING in said and not worker.leaving:
            worker.leave()
            if not self._stopping:
                self._start(worker.number)
        worker.silent = not said  # it is about to end, and so a signal to come

    def _start(self, number: int) -> None:
        own, other = socket.socketpair()
        pid = os.fork()
        if pid:
            other.close()
            own.settimeout(0)
            self._workers[pid] = Worker(number, pid, own, time.monotonic())
            log.info("Worker %d has process %d.", number, pid)
            return
        status = 1
        signal.set_wakeup_fd(-1)
        try:
            for each in (own, self._listener, *(w.line for w in self._workers.values())):
                each.close()
            status = self._run_worker(number, other)
        except BaseException:
            log.exception("Worker %d failed.", number)
        finally:
            logging.shutdown()
            os._exit(status)  # what the supervisor does at its end is not for a worker

    def _replace_ended(self) -> None:
        for pid, worker in list(self._workers.items()):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                continue
            del self._workers[pid]
            worker.line.close()
            if not worker.leaving and not self._stopping:
                log.error("Worker %d has ended unexpectedly; it is replaced.", worker.number)
                if time.monotonic() - worker.started < SHORTEST_LIFE:
                    time.sleep(SHORTEST_LIFE)
                self._start(worker.number)
        self._renew_next()

    def _renew_next(self) -> None:
        """Replace the next of the old workers, once the one before has ended."""
        if any(worker.leaving for worker in self._workers.values()):
            return
        while self._old:
            worker = self._old.pop(0)
            if worker.pid in self._workers:
                self._start(worker.number)
                worker.leave()
                return

    def _stop(self, wakeup: socket.socket) -> None:
        self._listener.close()
        for worker in self._workers.values():
            worker.leave()
        deadline = time.monotonic() + self._stop_within
        while self._workers and time.monotonic() < deadline:
            self._wait(wakeup, 0.1)
            self._replace_ended()
        for pid in self._workers:
            log.error("Process %d does not end; it is killed.", pid)
            os.kill(pid, signal.SIGKILL)


@contextmanager
def _signals() -> Iterator[socket.socket]:
    """Give a socket that the numbers of the signals that arrive can be read from."""
    reader, writer = socket.socketpair()
    writer.settimeout(0)
    before = {number: signal.signal(number, lambda *_: None) for number in SIGNALS}
    descriptor = signal.set_wakeup_fd(writer.fileno())
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(descriptor)
        for number, handler in before.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()
