"""A worker: a server whose connections a supervisor accepts."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import uvicorn

from app.server.http.protocol import BoundedProtocol
from app.server.worker import CLOSED, LEAVING, READY

MESSAGE = 1  # bytes, with one connection
FIRST_REQUEST = 2.0  # s that the request of a connection just taken has to arrive


class LineServer(uvicorn.Server):
    """uvicorn's server on connections that come through a line.

    It ends when the line does: the supervisor has asked for that, or has gone. `look` is called
    ten times a second while the event loop runs, and tells whether requests can be answered.
    """

    def __init__(
        self, config: uvicorn.Config, line: socket.socket, look: Callable[[], bool]
    ) -> None:
        super().__init__(config)
        self._line = line
        self._look = look
        self._ready = False
        self._ended = asyncio.Event()
        self._arriving: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the app, then take connections."""
        await super().startup(sockets or [])
        self._line.settimeout(0)
        asyncio.get_running_loop().add_reader(self._line, self._take)

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop."""
        if self._look() and not self._ready:
            self._ready = True
            tell(self._line, READY)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take what is on its way, then no more; end when all requests are answered."""
        tell(self._line, LEAVING)
        await self._ended.wait()
        await asyncio.gather(*self._arriving)
        await self._first_requests()
        await super().shutdown(sockets)

    async def _first_requests(self) -> None:
        """Wait a while for the requests of connections just taken; without one they are closed."""
        clock = asyncio.get_running_loop().time
        end = clock() + FIRST_REQUEST
        connections = cast("set[BoundedProtocol]", self.server_state.connections)
        while clock() < end and any(  # noqa: ASYNC110 - no event tells
            each.is_unused for each in connections
        ):
            await asyncio.sleep(0.02)

    def _take(self) -> None:
        try:
            message, descriptors, _, _ = socket.recv_fds(self._line, MESSAGE, 1)
        except BlockingIOError:
            return
        except OSError:  # the supervisor was killed before it read what it was told
            message, descriptors = b"", []
        for descriptor in descriptors:
            task = asyncio.create_task(self._connect(socket.socket(fileno=descriptor)))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)
        if not message:
            asyncio.get_running_loop().remove_reader(self._line)
            self.should_exit = True
            self._ended.set()

    async def _connect(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError:  # the client has gone
            connection.close()
            tell(self._line, CLOSED)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


def tell(line: socket.socket, what: bytes) -> None:
    """Tell the supervisor; one that has gone hears nothing."""
    with suppress(OSError):
        line.send(what)
