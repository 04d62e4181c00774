"""The outermost layer: request id, security headers, one line in the log for each request."""

import asyncio
import logging
import time
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.middleware.headers import with_keys_told, with_security
from app.api.middleware.request_id import HEADER, id_of, request_id
from app.api.problems import problem_response
from app.errors import Stopping

log = logging.getLogger("app.requests")


class Envelope:
    """ASGI middleware around all others, those of the framework included.

    A request that the server cancels, which it does when it stops, is answered with a problem.
    `keyed`: whether calls need an API key.
    """

    def __init__(self, app: ASGIApp, *, keyed: bool) -> None:
        self._app = app
        self._keyed = keyed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; note how it ends."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = id_of(scope)
        token = request_id.set(identity)
        start = time.perf_counter()
        answer = _Answer(send, identity, keyed=self._keyed)
        try:
            await self._app(scope, receive, answer.send)
        except asyncio.CancelledError:
            if answer.status:
                raise
            await _stopping(scope)(scope, receive, answer.send)
        finally:
            _note(scope, answer.status, time.perf_counter() - start)
            request_id.reset(token)


class _Answer:
    """The answer on its way out: its status, 0 until it has begun."""

    def __init__(self, send: Send, identity: str, *, keyed: bool) -> None:
        self.status = 0
        self._send = send
        self._keyed = keyed
        self._id = (HEADER, identity.encode())

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message.get("headers", ()), self._id]
            secure = with_security(headers)
            message = {**message, "headers": with_keys_told(secure) if self._keyed else secure}
        await self._send(message)


def _stopping(scope: Scope) -> ASGIApp:
    detail = "The service stopped before the answer was ready; send the request again."
    return problem_response(HTTPConnection(scope), Stopping, detail)


def _note(scope: Scope, status: int, seconds: float) -> None:
    if not log.isEnabledFor(logging.INFO):
        return
    route = getattr(scope.get("route"), "path", None)
    fields: dict[str, Any] = {
        "method": scope["method"],
        "path": scope["path"] if route is None else route,
        "status": status,
        "ms": round(1e3 * seconds, 2),
        "client": scope["client"][0] if scope["client"] else None,
        "user": scope.get("user"),
        "problem": scope.get("problem"),
        **scope.get("outcome", {}),
    }
    known = {key: value for key, value in fields.items() if value is not None}
    log.info("request", extra={"fields": known})
