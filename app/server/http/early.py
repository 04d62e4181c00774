"""Answers that come before the end of what they answer."""

from uvicorn._types import (
    ASGI3Application,
    ASGIReceiveCallable,
    ASGISendCallable,
    ASGISendEvent,
    Scope,
)
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


def last_if_early(app: ASGI3Application, cycle: RequestResponseCycle) -> ASGI3Application:
    """Return the app, whose answer ends the connection if it begins before the body has come.

    Else a proxy could send its next request behind a body that nobody reads (RFC 9112, 9.6).
    """

    async def run(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        async def send_marked(event: ASGISendEvent) -> None:
            if event["type"] == "http.response.start" and cycle.more_body:
                cycle.keep_alive = False
            await send(event)

        await app(scope, receive, send_marked)

    return run
