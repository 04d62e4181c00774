"""Cores of the machine, and threads and processes that share out work among them."""

import math
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, lru_cache
from multiprocessing import parent_process
from pathlib import Path
from typing import TypeVar

CGROUP = Path("/sys/fs/cgroup")  # a container's own
QUOTAS = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))  # versions 2 and 1
T = TypeVar("T")


def n_cores() -> int:
    """Return the number of cores this process may use; all of them where that is not known."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return max(1, min(len(os.sched_getaffinity(0)), quota(CGROUP)))
    return os.cpu_count() or 1


@cache
def quota(folder: Path) -> int:
    """Return how many cores a control group may keep busy, rounded up; many without a quota."""
    for names in QUOTAS:
        with suppress(OSError, ValueError, IndexError, ZeroDivisionError):
            words = " ".join((folder / name).read_text() for name in names).split()
            cores = float(words[0]) / float(words[1])  # of v2, "max" is no number; of v1, it is -1
            if cores > 0:
                return math.ceil(cores)
    return os.cpu_count() or 1


def split_work(work: Callable[[int, int], T], size: int, *, alone: bool) -> list[T]:
    """Return what `work` gives for a range up to `size`, in parts, in order.

    A crystal that is `alone` leaves other cores idle: each takes a part of the work, from a first
    up to an end. Otherwise there is one part, as crystals in batches are computed side by side.
    `work` leaves the interpreter's lock.
    """
    n_parts = min(n_cores(), size) if alone else 1
    if n_parts == 1:
        return [work(0, size)]
    ends = [size * part // n_parts for part in range(n_parts + 1)]
    others = [_threads(os.getpid()).submit(work, *ends[i : i + 2]) for i in range(1, n_parts)]
    return [work(*ends[:2]), *(other.result() for other in others)]


@lru_cache(maxsize=1)
def _threads(_process: int) -> ThreadPoolExecutor:
    """Return the threads of a process; a fork has none of those before it."""
    return ThreadPoolExecutor(n_cores(), "parts")


def prepare_worker() -> None:
    """Leave Ctrl-C to the parent of this worker process, and end it when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
