"""Bounds on the time and memory of a worker, kept from outside of it."""

import logging
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from app.service.work_register import UNKNOWN, WorkRecord, WorkRegister

log = logging.getLogger(__name__)

REFUSED_FOR = 3600.0  # s
STRIKES = 2  # ends of workers that an input was only one of several in
FAR_ABOVE = 1.5  # times the memory allowed: there is no time to finish anything
LATE = 2.0  # s that this process itself was held up; then no worker is to blame
SUSPICIOUS = 0.2  # s that an input is in work when it is blamed for memory
CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL}
PATIENCE = 3  # times the time allowed, for work that gets too little of the processors
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Verdict:
    """Why a worker must end, and whether its other requests get the time to."""

    reason: str
    at_once: bool


@dataclass
class Watchdog:
    """Tells which workers must end, and has what they were working on refused.

    Work may take `seconds` of processor time, or a few times that in all, and a worker `n_bytes`
    of memory. What was in work alone when a worker had to end is refused at once, one of several
    when it happens again.
    """

    register: WorkRegister
    seconds: float
    n_bytes: int
    _strikes: dict[bytes, int] = field(default_factory=dict)
    _looked: float = 0.0
    _trusted_from: float = 0.0

    def note_time(self) -> None:
        """Note that workers are looked at now; after a standstill of all they get time again."""
        now = time.monotonic()
        if now - self._looked > LATE:
            self._trusted_from = now + self.seconds
        self._looked = now

    def verdict(self, slot: int, pid: int) -> Verdict | None:
        """Return why a slot's worker must end, or None."""
        return self._of_memory(slot, pid) or self._of_time(slot, pid)

    def note_end(self, slot: int, status: int) -> None:
        """Blame what was in work when a worker ended that nobody had asked to."""
        self._blame(slot, 0.0, at_once=-os.waitstatus_to_exitcode(status) in CRASHES)

    def _of_time(self, slot: int, pid: int) -> Verdict | None:
        now = time.monotonic()
        beat = self.register.last_beat(slot)
        if now < self._trusted_from or not beat:
            return None
        if now - beat > self.seconds:
            self._blame(slot, 0.0, at_once=True)
            return Verdict(f"its event loop has not run for {self.seconds:g} s", at_once=True)
        for work in self.register.work(slot):
            if self._is_overdue(work, now - work.since, pid):
                self._refuse(work.identity)
                return Verdict(
                    f"work on one crystal takes longer than {self.seconds:g} s", at_once=False
                )
        return None

    def _is_overdue(self, work: WorkRecord, passed: float, pid: int) -> bool:
        """Return whether work takes too long, on a machine that is short of processors too."""
        if passed > PATIENCE * self.seconds:
            return True
        return passed > self.seconds and processor_time(pid, work.thread) > work.cpu + self.seconds

    def _of_memory(self, slot: int, pid: int) -> Verdict | None:
        held = resident(pid)
        if held <= self.n_bytes:
            return None
        self._blame(slot, SUSPICIOUS, at_once=True)
        return Verdict(
            f"it holds {held} bytes of memory, more than the {self.n_bytes} allowed",
            at_once=held > FAR_ABOVE * self.n_bytes,
        )

    def _blame(self, slot: int, longer_than: float, *, at_once: bool) -> None:
        """Refuse what is in work for so long if it is alone, else once it has been there twice."""
        before = time.monotonic() - longer_than
        found = {work.identity for work in self.register.work(slot) if work.since <= before}
        alone = len(found) == 1
        for identity in found:
            strikes = self._strikes.pop(identity, 0) + (STRIKES if at_once and alone else 1)
            if strikes >= STRIKES:
                self._refuse(identity)
            else:
                self._strikes = dict([*self._strikes.items(), (identity, strikes)][-1000:])

    def _refuse(self, identity: bytes) -> None:
        if identity != UNKNOWN:
            self.register.refuse(identity, time.monotonic() + REFUSED_FOR)
            log.error("The upload %s is refused from now on.", identity.hex()[:16])


def processor_time(pid: int, thread: int) -> float:
    """Return the seconds of processor time that a thread has used; 0.0 if it has just ended."""
    try:
        text = Path(f"/proc/{pid}/task/{thread}/stat").read_text()
    except OSError:
        return 0.0
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def resident(pid: int) -> int:
    """Return the resident bytes of a process; 0 if it has just ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0
