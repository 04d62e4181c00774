"""Bounds on request bodies while they arrive: their pace, and their bytes all together."""

import asyncio
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem_response
from app.errors import BodyTimeout
from app.settings import Settings


class Bodies:
    """The bodies that are arriving, and the bytes they hold together.

    When they hold more than `max_bytes`, the body that has waited longest for its next bytes is
    given up: a client that sends slowly cannot keep the others out.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._arriving: dict[_Body, int] = {}  # bytes of each, the slowest first

    @property
    def n_bytes(self) -> int:
        """Bytes of the bodies that are arriving."""
        return self._bytes

    def grow(self, body: "_Body", n_bytes: int) -> None:
        """Count bytes of a body; others are given up where the bytes are too many."""
        self._arriving[body] = self._arriving.pop(body, 0) + n_bytes
        self._bytes += n_bytes
        while self._bytes > self._max_bytes and len(self._arriving) > 1:
            slowest = next(iter(self._arriving))
            self.end(slowest)
            slowest.give_up()

    def forget(self, body: "_Body", n_bytes: int) -> None:
        """Count bytes of an arriving body no longer: they have been worked on."""
        if body in self._arriving:
            self._arriving[body] -= n_bytes
            self._bytes -= n_bytes

    def end(self, body: "_Body") -> None:
        """Count a body no longer: it has arrived in full, or its request has ended."""
        self._bytes -= self._arriving.pop(body, 0)


class _Body(Protocol):
    def give_up(self) -> None:
        """Stop waiting for the rest."""


class Body:
    """One request's body, which must keep coming.

    After `stall` seconds without a byte, or once it is slower on average than `rate` bytes a
    second, it has failed; only time in which it was waited for counts. Raises BodyTimeout, once.
    """

    def __init__(self, receive: Receive, bodies: Bodies, stall: float, rate: float) -> None:
        self._n_bytes = 0
        self._receive = receive
        self._bodies = bodies
        self._stall = stall
        self._rate = rate
        self._waited = 0.0  # s
        self._ended = False
        self._waiting: asyncio.Timeout | None = None
        self._given_up = False

    async def receive(self) -> Message:
        """Return the next message from the client."""
        if self._ended:
            return await self._receive()  # the client's leaving, which may take its time
        try:
            message = await self._next()
        except BodyTimeout:
            self._ended = True
            raise
        if message["type"] == "http.request":
            n_bytes = len(message.get("body", b""))
            self._n_bytes += n_bytes
            self._bodies.grow(self, n_bytes)
            self._ended = not message.get("more_body", False)
        if self._ended or message["type"] != "http.request":
            self._bodies.end(self)
        return message

    def forget(self, n_bytes: int) -> None:
        """Count bytes no longer, which have been worked on while the rest arrives."""
        self._bodies.forget(self, n_bytes)

    def give_up(self) -> None:
        """Stop waiting for the rest."""
        self._given_up = True
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(0)

    async def _next(self) -> Message:
        if self._given_up:
            raise _late()
        clock = asyncio.get_running_loop().time
        began = clock()
        owed = self._stall + self._n_bytes / self._rate - self._waited
        try:
            async with asyncio.timeout(min(self._stall, owed)) as self._waiting:
                message = await self._receive()
        except TimeoutError:
            self._bodies.end(self)
            raise _late() from None
        finally:
            self._waiting = None
            self._waited += clock() - began
        if self._given_up:  # while the message was on its way
            raise _late()
        return message


def _late() -> BodyTimeout:
    return BodyTimeout("The body stopped arriving, or came too slowly; send it again, all at once.")


class BodyLimits:
    """ASGI middleware that bounds the bodies of all requests."""

    def __init__(self, app: ASGIApp, bodies: Bodies, settings: Settings) -> None:
        self._app = app
        self._bodies = bodies
        self._stall = settings.body_stall_timeout
        self._rate = float(settings.body_min_rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that is bounded."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        body = Body(receive, self._bodies, self._stall, self._rate)
        scope["forget_body"] = body.forget
        try:
            await self._app(scope, body.receive, send)
        except BodyTimeout as error:  # where no route has read the body
            response = problem_response(HTTPConnection(scope), BodyTimeout, str(error))
            await response(scope, receive, send)
        finally:
            self._bodies.end(body)
