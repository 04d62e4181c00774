"""ASGI middleware that counts and times requests."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.monitoring.metrics import RequestMetrics


class CountedRequests:
    """ASGI middleware that counts and times every HTTP request by its route's template."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it was answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500  # unless an answer says otherwise
        start = time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            # The path itself would make a new time series of every id that is asked for.
            route = getattr(scope.get("route"), "path", "unmatched")
            seconds = time.perf_counter() - start
            self._metrics.note(scope["method"], route, status, seconds)
            if problem := scope.get("problem"):
                self._metrics.note_problem(problem)
