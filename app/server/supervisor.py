"""Several workers on one port: they are forked, given connections, and replaced.

Ensembles are loaded before the fork, so that workers share their memory and start at once; until
then a first process answers that the service is not ready. The supervisor accepts connections and
hands each to the worker that has fewest: workers that accept from one socket take as many as they
find, and one would have most of them.
"""

import gc
import logging
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from app.server.signals import readable_signals
from app.server.watchdog import Verdict, Watchdog
from app.server.worker import CLOSED, FAILED, LEAVING, PLACEHOLDER, READY, Worker

log = logging.getLogger(__name__)

ENOUGH = 1024  # bytes of these read at a time
SHORTEST_LIFE = 1.0  # s; a worker that ends sooner is not replaced at once
LOOK_EVERY = 0.2  # s between looks at what workers hold and do
LOADED_AFTER = 0.02  # s until it is noticed that the ensembles are loaded
SLOW = 1.0  # s; an event loop that has not run for so long is given no connections

RunWorker = Callable[[int, int, socket.socket], int]


class Supervisor:
    """Keeps `count` workers on a listening socket.

    `run_worker` is called in each with its number, its slot in the register and its end of
    the line, and gives the exit status. SIGTERM and SIGINT stop all within `stop_within` seconds;
    SIGHUP has `load` called, in a thread, and if it says so all replaced one after another; a
    worker that ends, or that `watchdog` says must end, is replaced. `load` is called at the start
    too, while one process answers that has nothing to predict with.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it is to keep going, and by what means
        self,
        listener: socket.socket,
        count: int,
        run_worker: RunWorker,
        stop_within: float,
        watchdog: Watchdog,
        load: Callable[[], bool],
    ) -> None:
        self._listener = listener
        self._count = count
        self._run_worker = run_worker
        self._stop_within = stop_within
        self._watchdog = watchdog
        self._load = load
        self._loading: threading.Thread | None = None
        self._loaded = False  # the last time
        self._load_again = False  # asked for while it was loaded
        self._owed: list[int] = []  # workers to start when that is done
        self._has_begun = False  # the workers have been started
        self._look_at = 0.0
        self._workers: dict[int, Worker] = {}  # by process
        self._old: list[Worker] = []  # to be replaced one by one
        self._stopping = False
        self._failed = False

    def run(self) -> int:
        """Return the exit status once all workers have ended: 1 if nothing could be loaded."""
        self._listener.settimeout(0)
        with readable_signals() as wakeup:
            self._start(PLACEHOLDER)
            self._begin_loading()
            while not self._stopping:
                self._wait(wakeup)
                self._end_loading()
                self._look()
            self._stop(wakeup)
        return int(self._failed)

    def _wait(self, wakeup: socket.socket) -> None:
        """Do what the next events ask for; there may be none for a while."""
        lines = {each.line: each for each in self._workers.values() if not each.silent}
        sources = [wakeup, *lines]
        if not self._stopping and self._able():  # else connections wait where they are
            sources.append(self._listener)
        timeout = LOOK_EVERY if self._loading is None else LOADED_AFTER
        for source in select.select(sources, [], [], timeout)[0]:
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
                self._begin_loading()
            else:
                self._stopping = True

    def _accept(self) -> None:
        with suppress(OSError):  # the client has gone
            connection, _ = self._listener.accept()
            with connection:
                for worker in sorted(self._able(), key=self._burden):
                    with suppress(OSError):  # its line is full, or it has just ended
                        socket.send_fds(worker.line, [b"c"], [connection.fileno()])
                        worker.connections += 1
                        worker.given += 1
                        return

    def _able(self) -> list[Worker]:
        return [each for each in self._workers.values() if each.ready and not each.leaving]

    def _burden(self, worker: Worker) -> tuple[bool, int, int]:
        beat = self._watchdog.register.last_beat(worker.slot)
        slow = beat > 0 and time.monotonic() - beat > SLOW
        return slow, worker.connections, worker.given

    def _look(self) -> None:
        """End the workers that do not end by themselves, or must."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY
        self._watchdog.note_time()
        for worker in list(self._workers.values()):
            if now > worker.ends_by:
                log.error("Process %d does not end; it is killed.", worker.pid)
                os.kill(worker.pid, signal.SIGKILL)
            elif verdict := self._verdict(worker):
                log.error("Worker %d must end: %s.", worker.number, verdict.reason)
                self._retire(worker, at_once=verdict.at_once)

    def _verdict(self, worker: Worker) -> Verdict | None:
        return None if worker.leaving else self._watchdog.verdict(worker.slot, worker.pid)

    def _begin_loading(self) -> None:
        """Have what workers start from loaded, while connections are given on."""
        self._load_again = self._loading is not None
        if self._load_again:
            return
        self._loaded = False
        self._loading = threading.Thread(target=self._load_now, daemon=True)
        self._loading.start()

    def _load_now(self) -> None:
        self._loaded = self._load()

    def _end_loading(self) -> None:
        """Start or replace the workers once it is loaded: nothing is forked while a thread runs."""
        if self._loading is None or self._loading.is_alive():
            return
        self._loading = None
        if self._load_again and not self._stopping:
            self._begin_loading()
            return
        gc.freeze()  # what workers share stays shared
        if not self._has_begun:
            self._begin()
            return
        while self._owed and not self._stopping:
            self._start(self._owed.pop())
        if self._loaded and not self._stopping:
            self._old = [each for each in self._workers.values() if each.number != PLACEHOLDER]
            self._renew_next()

    def _begin(self) -> None:
        """Start the workers; the placeholder goes on until one of them can answer."""
        self._owed.clear()
        self._has_begun = self._loaded
        if not self._loaded:
            self._fail()
        elif not self._stopping:
            for number in range(self._count):
                self._start(number)

    def _fail(self) -> None:
        """Stop: nothing could be loaded, and no worker answers."""
        self._failed = self._stopping = True

    def _retire(self, worker: Worker, *, at_once: bool) -> None:
        """Replace a worker, which may answer its other requests unless it must end at once."""
        worker.leave(0.0 if at_once else self._stop_within)
        if at_once:
            os.kill(worker.pid, signal.SIGKILL)
        self._start(worker.number)

    def _slot(self) -> int:
        """Return a free slot; when few are left, who has been leaving for longest is to end."""
        taken = {worker.slot for worker in self._workers.values()}
        free = [slot for slot in range(self._watchdog.register.slots) if slot not in taken]
        leaving = [each for each in self._workers.values() if each.leaving and each.ends_by]
        if len(free) <= self._count and leaving:
            min(leaving, key=lambda each: each.ends_by).ends_by = 0.0
        return free[0]

    def _hear(self, worker: Worker) -> None:
        said = b""
        with suppress(OSError):
            said = worker.line.recv(ENOUGH)
        worker.connections -= said.count(CLOSED)
        if READY in said:
            worker.ready = True
            self._dismiss_placeholder()
            self._renew_next()
        if FAILED in said:
            self._note_failure(worker)
        if LEAVING in said and not worker.leaving:
            worker.leave(self._stop_within)
            if not self._stopping:
                self._start(worker.number)
        worker.silent = not said  # it is about to end, and so a signal to come

    def _dismiss_placeholder(self) -> None:
        """Have it end once a worker can answer; it has no connections before it is ready itself."""
        if all(each.number == PLACEHOLDER for each in self._able()):
            return
        for each in self._workers.values():
            if each.number == PLACEHOLDER and not each.leaving:
                each.leave(self._stop_within)
                if not each.ready:
                    os.kill(each.pid, signal.SIGKILL)

    def _note_failure(self, worker: Worker) -> None:
        """Go on with the workers there are, if one of them can answer."""
        log.error("Worker %d cannot load the ensembles.", worker.number)
        worker.leave(self._stop_within)
        self._old.clear()
        if all(each.number == PLACEHOLDER for each in self._able()):
            self._fail()

    def _start(self, number: int) -> None:
        if self._loading is not None:
            self._owed.append(number)
            return
        own, other = socket.socketpair()
        slot = self._slot()
        pid = os.fork()
        if pid:
            other.close()
            own.settimeout(0)
            self._workers[pid] = Worker(number, slot, pid, own, time.monotonic())
            if number == PLACEHOLDER:
                log.info("Process %d answers until the ensembles are loaded.", pid)
            else:
                log.info("Worker %d has process %d.", number, pid)
            return
        status = 1
        signal.set_wakeup_fd(-1)
        try:
            for each in (own, self._listener, *(w.line for w in self._workers.values())):
                each.close()
            status = self._run_worker(number, slot, other)
        except BaseException:
            log.exception("Worker %d failed.", number)
        finally:
            logging.shutdown()
            os._exit(status)  # what the supervisor does at its end is not for a worker

    def _replace_ended(self) -> None:
        for pid, worker in list(self._workers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            del self._workers[pid]
            worker.line.close()
            missed = not (worker.leaving or self._stopping or worker.number == PLACEHOLDER)
            if missed:
                log.error("Worker %d has ended unexpectedly; it is replaced.", worker.number)
                self._watchdog.note_end(worker.slot, status)
            self._watchdog.register.clear(worker.slot)
            if missed:
                if time.monotonic() - worker.started < SHORTEST_LIFE:
                    time.sleep(SHORTEST_LIFE)
                self._start(worker.number)
        self._renew_next()

    def _renew_next(self) -> None:
        """Replace the next of the old workers by one that is ready, once the last has ended."""
        if any(worker.leaving or not worker.ready for worker in self._workers.values()):
            return
        self._old = [worker for worker in self._old if worker.pid in self._workers]
        if not self._old:
            return
        if len(self._workers) > self._count:  # the new one is ready
            self._old.pop(0).leave(self._stop_within)
        else:
            self._start(self._old[0].number)

    def _stop(self, wakeup: socket.socket) -> None:
        self._listener.close()
        for worker in self._workers.values():
            worker.leave(self._stop_within)
        while self._workers:
            self._wait(wakeup)
            self._replace_ended()
            self._look()
