"""Register of the work of each worker and of refused inputs, in memory that all processes share."""

import hashlib
import itertools
import mmap
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BEAT = struct.Struct("d")
WORK = struct.Struct("ddq16s")  # since when, and what
REFUSED = struct.Struct("d16s")  # until when, and what
COUNT = struct.Struct("Q")
REMEMBERED = 1024  # inputs; the oldest are forgotten first
UNKNOWN = bytes(16)


def identity_of(content: str | bytes) -> bytes:
    """Return what an input is known by: the beginning of its SHA-256."""
    data = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(data).digest()[:16]


@dataclass(frozen=True)
class WorkRecord:
    """What a thread of a worker is working on.

    `since`: a monotonic time in seconds; `cpu`: the processor time of the thread then; `thread`:
    its number in the system.
    """

    since: float
    cpu: float
    thread: int
    identity: bytes


class WorkRegister:
    """A slot for each worker, with its heartbeat and the work of its threads; and refused inputs.

    Only the worker of a slot writes there, and only the supervisor writes what is refused.
    """

    def __init__(self, slots: int, threads: int) -> None:
        self.slots = slots
        self.threads = threads
        self._slot_size = BEAT.size + threads * WORK.size
        self._refused_at = slots * self._slot_size
        size = self._refused_at + COUNT.size + REMEMBERED * REFUSED.size
        self._memory = mmap.mmap(-1, size)  # processes that are forked later see the same

    def beat(self, slot: int) -> None:
        """Note that the event loop of a slot's worker runs."""
        BEAT.pack_into(self._memory, slot * self._slot_size, time.monotonic())

    def last_beat(self, slot: int) -> float:
        """Return when its event loop was last seen to run; 0.0: not yet."""
        beat: float = BEAT.unpack_from(self._memory, slot * self._slot_size)[0]
        return beat

    def begin(self, slot: int, thread: int, identity: bytes) -> None:
        """Note what a thread is working on from now on."""
        now = time.monotonic(), time.thread_time(), threading.get_native_id()
        WORK.pack_into(self._memory, self._offset(slot, thread), *now, identity)

    def end(self, slot: int, thread: int) -> None:
        """Note that a thread is working on nothing."""
        WORK.pack_into(self._memory, self._offset(slot, thread), 0.0, 0.0, 0, UNKNOWN)

    def work(self, slot: int) -> list[WorkRecord]:
        """Return what is in work in a slot."""
        offsets = (self._offset(slot, thread) for thread in range(self.threads))
        found = (WorkRecord(*WORK.unpack_from(self._memory, offset)) for offset in offsets)
        return [work for work in found if work.since]

    def clear(self, slot: int) -> None:
        """Forget what was written in a slot; its worker has ended."""
        start = slot * self._slot_size
        self._memory[start : start + self._slot_size] = bytes(self._slot_size)

    def refuse(self, identity: bytes, until: float) -> None:
        """Have all workers refuse an input until a monotonic time."""
        count = self.refusals
        offset = self._refused_at + COUNT.size + count % REMEMBERED * REFUSED.size
        REFUSED.pack_into(self._memory, offset, until, identity)
        COUNT.pack_into(self._memory, self._refused_at, count + 1)  # last: now it is read

    @property
    def refusals(self) -> int:
        """How often an input has been refused since the start."""
        count: int = COUNT.unpack_from(self._memory, self._refused_at)[0]
        return count

    def refused(self) -> dict[bytes, float]:
        """Return the refused inputs, and until when they are."""
        start = self._refused_at + COUNT.size
        held = self._memory[start : start + min(self.refusals, REMEMBERED) * REFUSED.size]
        return {identity: until for until, identity in REFUSED.iter_unpack(held)}

    def _offset(self, slot: int, thread: int) -> int:
        return slot * self._slot_size + BEAT.size + thread * WORK.size


class WorkerSlot:
    """One worker's slot in the register."""

    def __init__(self, register: WorkRegister, slot: int = 0) -> None:
        self._register = register
        self._slot = slot
        self._numbers = itertools.count()
        self._thread = threading.local()
        self._seen = 0
        self._refused: dict[bytes, float] = {}

    def beat(self) -> None:
        """Note that the event loop runs."""
        self._register.beat(self._slot)

    def refuses(self, identity: bytes) -> bool:
        """Return whether this input has ended a worker a while ago."""
        if self._seen != (count := self._register.refusals):
            self._seen, self._refused = count, self._register.refused()
        return bool(self._refused) and self._refused.get(identity, 0.0) > time.monotonic()

    @contextmanager
    def working_on(self, identity: bytes) -> Iterator[None]:
        """Note meanwhile that this thread is working on an input."""
        number = self._number()
        self._register.begin(self._slot, number, identity)
        try:
            yield
        finally:
            self._register.end(self._slot, number)

    def _number(self) -> int:
        if not hasattr(self._thread, "number"):
            self._thread.number = next(self._numbers) % self._register.threads
        number: int = self._thread.number
        return number
