"""Half-closed connections: the client sends no more, and may or may not wait for its answer."""

import asyncio
import socket
from collections.abc import Callable

from app.server.http.lingering import LingeringTransport

INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"
LOOK_EVERY = 0.5  # s
ASK_EVERY = 10  # looks


class HalfClosed:
    """Ends the connection of a client that has left; one that waits for its answer keeps it.

    TCP tells the two apart only when something is sent, which a client that has left answers with
    a reset. So an interim response is sent, which clients of HTTP/1.1 pass over (RFC 9110, 15.2):
    half a second after the sending side was closed, and then every five seconds. `may_ask` says
    whether it would come before the answer.
    """

    def __init__(self, transport: LingeringTransport, may_ask: Callable[[], bool]) -> None:
        self._transport = transport
        self._may_ask = may_ask
        self._looks = 0
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._later()

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)

    def _look(self) -> None:
        if self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._transport.abort()
            return
        if self._looks % ASK_EVERY == 0 and self._may_ask():
            self._transport.write(INTERIM)
        self._looks += 1
        self._later()
