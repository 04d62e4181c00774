"""How many forward passes may run side by side."""

import os


def n_cores() -> int:
    """Return the number of cores this process may use; all of them where that is not known."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
