"""Uploads answered before are answered ahead of routing and validation."""

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.routes.predict import answer
from app.api.upload import read_upload
from app.service.predictor import Reply
from app.service.runtime import Runtime
from models.errors import ParaisiteError


class KnownUploads:
    """ASGI middleware that gives the answer to the same upload again, if it is at hand.

    What the framework does for a request of any kind takes longer than such an answer. All else
    is left to `route`, which finds the body read already; errors too are for it to raise.
    """

    def __init__(self, app: ASGIApp, runtime: Runtime, route: APIRoute) -> None:
        self._app = app
        self._runtime = runtime
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an upload that is known; pass on any other request."""
        reply = await self._known(scope, receive) if self._is_upload(scope) else None
        if reply is None:
            await self._app(scope, receive, send)
        else:
            scope["route"] = self._route  # as the router would have it, for the metrics
            await answer(reply)(scope, receive, send)

    def _is_upload(self, scope: Scope) -> bool:
        return (
            scope["type"] == "http"
            and scope["path"] == self._route.path
            and scope["method"] in (self._route.methods or ())
        )

    async def _known(self, scope: Scope, receive: Receive) -> Reply | None:
        predictor = self._runtime.predictor
        if predictor is None:
            return None
        request = Request(scope, receive)
        ensembles = predictor.ensembles
        ensemble = ensembles.by_name.get(request.query_params.get("ensemble", ensembles.default))
        if ensemble is None:
            return None
        try:
            content = await read_upload(request, self._runtime.settings)
        except (ParaisiteError, ClientDisconnect):
            return None
        return predictor.answered(content, ensemble)
