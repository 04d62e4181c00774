"""Answers that their client does not read."""

import asyncio

from app.server.http.lingering import LingeringTransport

LOOK_EVERY = 1.0  # s
UNREAD_AFTER = 2.0  # s without a byte read; a client that is slow, or far away, reads some


class UnreadAnswer:
    """Ends the connection of a client that has read nothing of its answer for `seconds`.

    What is not read stays in the process, and its connection cannot be given to another client.
    """

    def __init__(self, transport: LingeringTransport, seconds: float) -> None:
        self._transport = transport
        self._seconds = seconds
        self._waiting = 0  # bytes
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_unread(self) -> bool:
        """Whether nothing has been read for a while."""
        return self._timer is not None and self._unread_for() >= UNREAD_AFTER

    def watch(self) -> None:
        """Look until all is read."""
        if self._timer is None and (waiting := self._transport.get_write_buffer_size()):
            self._note(waiting)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _unread_for(self) -> float:
        return asyncio.get_running_loop().time() - self._since

    def _note(self, waiting: int) -> None:
        """Keep how much waits; time begins anew when some of it was read."""
        loop = asyncio.get_running_loop()
        if self._timer is None or waiting < self._waiting:
            self._since = loop.time()
        self._waiting = waiting
        self._timer = loop.call_later(LOOK_EVERY, self._look)

    def _look(self) -> None:
        waiting = self._transport.get_write_buffer_size()
        if not waiting:
            self._timer = None
        elif waiting >= self._waiting and self._unread_for() > self._seconds:
            self._timer = None
            self._transport.abort()
        else:
            self._note(waiting)
