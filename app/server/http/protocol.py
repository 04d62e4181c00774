"""HTTP/1.1 with bounds on what a client sends before and after its request.

uvicorn's parser (httptools) bounds neither the size of a request's head nor the time it may take,
and after an answer it reads the rest of a body for as long as it comes.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, ClassVar, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from app.api.problems import Kind
from app.errors import (
    HeadTimeout,
    HeadTooLarge,
    MalformedRequest,
    TooManyConnections,
    UrlTooLong,
)
from app.monitoring.metrics import ConnectionMetrics
from app.server.http.connections import Connections
from app.server.http.early import last_if_early
from app.server.http.half_closed import HalfClosed
from app.server.http.heads import fault_of, with_host_of
from app.server.http.limits import ConnectionLimits
from app.server.http.lingering import LingeringTransport
from app.server.http.refusals import refusal
from app.server.http.unread import UnreadAnswer

log = logging.getLogger(__name__)


def bounded_protocol(
    limits: ConnectionLimits,
    connections: Connections,
    metrics: ConnectionMetrics,
    on_lost: Callable[[], object],
) -> type["BoundedProtocol"]:
    """Return the protocol class of a server; `on_lost` is called when a connection has ended."""
    attributes = {
        "limits": limits,
        "open": connections,
        "metrics": metrics,
        "on_lost": staticmethod(on_lost),
    }
    return cast("type[BoundedProtocol]", type("ServerProtocol", (BoundedProtocol,), attributes))


class BoundedProtocol(HttpToolsProtocol):
    """One connection, whose heads are bounded in size and time."""

    limits: ClassVar[ConnectionLimits]
    open: ClassVar[Connections]
    metrics: ClassVar[ConnectionMetrics]
    on_lost: ClassVar[Callable[..., object]]
    transport: LingeringTransport  # type: ignore[assignment]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._in_head = True
        self._head_begun = False
        self._head_bytes = 0
        self._beside_body = 0  # bytes of chunks' heads and trailers, since the last of the body
        self._head_timer: asyncio.TimerHandle | None = None
        self._ended = False  # nothing more is read as a request
        self._drained = 0
        self._half_closed: HalfClosed | None = None
        self._refusal: bytes | None = None  # to be sent after the answers before it
        self._running: RequestResponseCycle | None = None

    @property
    def is_unused(self) -> bool:
        """Whether no request has come yet."""
        return self.cycle is None

    @property
    def is_idle(self) -> bool:
        """Whether no request is in work: none has come, or all are answered."""
        return self.cycle is None or self.cycle.response_complete

    @property
    def is_waiting(self) -> bool:
        """Whether a request is in work whose body has not come in full."""
        return not self.is_idle and not self._in_head

    @property
    def is_unread(self) -> bool:
        """Whether an answer has been sent of which the client has read nothing for a while."""
        return self._unread_answer.is_unread

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first head, if there is room for this connection."""
        super().connection_made(transport)
        self.transport = LingeringTransport(transport, self.limits, self._unread)
        self._unread_answer = UnreadAnswer(self.transport, self.limits.answer_stall_timeout)
        self._start_head_timer()
        if not self.open.add(self):
            self._turn_away()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.open.remove(self)
        self._stop_head_timer()
        self._unread_answer.stop()
        if self._half_closed is not None:
            self._half_closed.stop()
        super().connection_lost(exc)
        self.on_lost()

    def pause_writing(self) -> None:
        """Have the app wait until what was sent is read, and end the connection if it is not."""
        super().pause_writing()
        self._unread_answer.watch()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Return whether the connection stays open: a request is in work that came in full.

        A client of HTTP/1.0 counts as one that has left: it could not be asked.
        """
        if self.is_idle or self._unread() or self.cycle.scope["http_version"] != "1.1":
            return False
        self._stop_head_timer()
        self.cycle.keep_alive = False
        self._half_closed = HalfClosed(self.transport, self._before_answer)
        return True

    def _before_answer(self) -> bool:
        return not self.pipeline and not self.cycle.response_started

    def drop(self) -> None:
        """Close at once, to make room for another client."""
        self.metrics.note_refusal(TooManyConnections.code)
        self._ended = True
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse what came, a head only up to its limit."""
        while data and not self._ended and not self.transport.is_closing():
            size = self._head_room() if self._in_head else self.limits.max_head_bytes
            self._parse(data[:size])
            data = data[size:]
        if data:
            self._drain(len(data))

    def _head_room(self) -> int:
        return self.limits.max_head_bytes + 1 - self._head_bytes

    def _parse(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
        else:
            self._beside_body += len(data)
        self._feed(data)
        if self._beside_body > self.limits.max_head_bytes and not self._ended:
            self._refuse(MalformedRequest, "The body has more around it than in it.")
        if not self._in_head or self._ended:
            return
        if self._head_bytes > self.limits.max_head_bytes:
            self._refuse_head()

    def _feed(self, data: bytes) -> None:
        """Parse as uvicorn does, but read a request that offers another protocol to its end.

        Clients of HTTP/2 without TLS ask for h2c, and get HTTP/1.1 from who does not speak it
        (RFC 9110, 7.8). The parser ends with such a head: another one goes on without the offer.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as ended:
            head = self._head_without_upgrade()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.feed_data(head)
            self._feed(data[ended.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _head_without_upgrade(self) -> bytes:
        lines = [b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _offers_upgrade(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def on_message_begin(self) -> None:
        """Start the clock of a head; empty lines before it are nothing (RFC 9112, 2.2)."""
        self._unset_keepalive_if_required()
        super().on_message_begin()
        self._head_begun = True
        if self._head_timer is None:
            self._start_head_timer()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those behind the body are of no use, and would have no end."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the request, unless its head is refused."""
        if self._offers_upgrade():
            return
        self._stop_head_timer()
        self.open.touch(self)
        if len(self.url) > self.limits.max_url_bytes:
            self._refuse_url()
        elif fault := fault_of(self.headers, self.parser.get_http_version()):
            self._refuse(MalformedRequest, fault)
        else:
            self.headers[:] = with_host_of(self.url, self.headers)
            super().on_headers_complete()
            self._in_head = False

    def on_body(self, body: bytes) -> None:
        """Give the body to the request that takes it."""
        if self._ended:
            return
        self._beside_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Be ready for the next head."""
        if self._ended or self._offers_upgrade():
            return
        super().on_message_complete()
        self._in_head = True
        self._head_begun = False
        self._head_bytes = 0
        self._beside_body = 0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, last_if_early(app, cycle))

    def on_response_complete(self) -> None:
        """Go on with the next request, or the refusal that comes after the last one."""
        self._unread_answer.watch()
        super().on_response_complete()
        if self._refusal is not None and not self._is_answering():
            self._end_refused()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP."""
        self._refuse(MalformedRequest, msg)

    def _unread(self) -> bool:
        """Return whether more of a request that is answered is to come."""
        return self._ended or not self._in_head

    def _refuse_head(self) -> None:
        if not self.headers and len(self.url or b"") > self.limits.max_url_bytes:
            self._refuse_url()
            return
        self._refuse(
            HeadTooLarge,
            f"The request's head is larger than the {self.limits.max_head_bytes} bytes accepted.",
        )

    def _refuse_url(self) -> None:
        self._refuse(
            UrlTooLong, f"The URL is longer than the {self.limits.max_url_bytes} bytes accepted."
        )

    def _refuse(self, kind: Kind, detail: str) -> None:
        """Answer that no more is read, after the answers to the requests before that."""
        if self._ended:
            return
        self._ended = True
        self._stop_head_timer()
        self._unset_keepalive_if_required()
        self.metrics.note_refusal(kind.code)
        log.info("refused %s: %s", self.client[0] if self.client else "a client", kind.code)
        self._refusal = refusal(kind, detail)
        if not self._in_head:
            self._abandon()
        if not self._is_answering():
            self._end_refused()

    def _abandon(self) -> None:
        """Give up the request whose body goes wrong; if its answer has begun, that breaks off."""
        if self.pipeline and self.pipeline[0][0] is self.cycle:
            self.pipeline.popleft()  # the newest, which has not begun
            return
        if self.cycle.response_started and not self.cycle.response_complete:
            self._refusal = b""
        self.cycle.disconnected = True  # for what works on it, its client has left
        self.cycle.message_event.set()

    def _is_answering(self) -> bool:
        """Return whether an answer is to come before the refusal."""
        running = self._running
        return bool(self.pipeline) or not (
            running is None or running.response_complete or running.disconnected
        )

    def _end_refused(self) -> None:
        if self._refusal and not self.transport.is_closing():
            self.transport.write(self._refusal)
        self.transport.close()

    def _turn_away(self) -> None:
        """Refuse a connection without waiting for what it sends: its descriptor is wanted."""
        self._refuse(TooManyConnections, "All connections are in use; try again in a moment.")
        self.transport.close_now()

    def _drain(self, size: int) -> None:
        self._drained += size
        if self._drained > self.limits.drain_bytes:
            self._ended = True
            self.transport.stop_reading()

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.head_timeout, self._head_is_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._ended or not self._in_head:
            return
        if not self._head_begun:
            self.transport.close()  # a connection that was never used
            return
        seconds = self.limits.head_timeout
        self._refuse(HeadTimeout, f"The request's head did not arrive within {seconds:g} s.")
