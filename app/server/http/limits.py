"""Limits on what one connection may cost."""

import logging
import resource
from dataclasses import dataclass

from app.settings import Settings

log = logging.getLogger(__name__)

DRAIN_SECONDS = 2.0  # between an answer that came before the body's end, and the close
OTHER_DESCRIPTORS = 256  # for files, Redis, the Materials Project, threads' wake-up pipes


@dataclass(frozen=True)
class ConnectionLimits:
    """Bounds on connections and request heads; sizes in bytes, times in seconds."""

    max_connections: int
    max_head_bytes: int
    max_url_bytes: int
    head_timeout: float
    answer_stall_timeout: float
    drain_bytes: int
    drain_seconds: float = DRAIN_SECONDS

    @classmethod
    def of(cls, settings: Settings) -> "ConnectionLimits":
        """Return the limits in the settings, with no more connections than descriptors."""
        return cls(
            max_connections=min(settings.max_connections, _descriptors() - OTHER_DESCRIPTORS),
            max_head_bytes=settings.max_head_bytes,
            max_url_bytes=settings.max_url_bytes,
            head_timeout=settings.head_timeout,
            answer_stall_timeout=settings.answer_stall_timeout,
            drain_bytes=settings.structure_limits.max_raw_bytes,
        )


def _descriptors() -> int:
    """Return the file descriptors this process may open, after raising the limit to its bound."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(hard, OTHER_DESCRIPTORS + 1) if hard != resource.RLIM_INFINITY else 1 << 20
