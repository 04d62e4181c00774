"""Closing a connection so that the client can still read the answer."""

import asyncio
from collections.abc import Callable
from typing import Any

from app.server.http.limits import ConnectionLimits


class LingeringTransport:
    """A transport that closes in two steps while the client is still sending.

    A socket closed with bytes unread sends a reset, on which the client drops the answer it has
    not read yet. So the sending side ends first, and what still comes is read for a moment.
    """

    def __init__(
        self, transport: asyncio.Transport, limits: ConnectionLimits, unread: Callable[[], bool]
    ) -> None:
        self._transport = transport
        self._limits = limits
        self._unread = unread
        self._closing = False

    def __getattr__(self, name: str) -> Any:
        """Do anything else as the transport does."""
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Return whether no more answers can be sent."""
        return self._closing or self._transport.is_closing()

    def close(self) -> None:
        """Close, after a moment if more is coming."""
        if self.is_closing():
            return
        if not self._unread():
            self._transport.close()
            return
        self._closing = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._transport.resume_reading()
        asyncio.get_running_loop().call_later(self._limits.drain_seconds, self._transport.close)

    def stop_reading(self) -> None:
        """Leave what still comes to the client's buffers: its answer stays readable for a moment.

        A proxy that is reset while it sends says 502, though it has the answer.
        """
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def close_now(self) -> None:
        """Close once what was written is sent."""
        self._transport.close()
