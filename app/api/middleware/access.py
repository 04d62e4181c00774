"""Access by API key, and closed paths."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.middleware.keys import ApiKeys
from app.api.middleware.paths import path_of
from app.api.problems import problem_response
from app.errors import RouteNotFound, Unauthorized
from app.settings import Settings

# The page and the descriptions of problems tell nothing that the source code does not.
OPEN = ("/health/", "/static/", "/problems/")
DOCS = ("/docs", "/openapi.json")
METRICS = "/metrics"


class Access:
    """ASGI middleware that asks for an API key where one is needed, and closes closed paths.

    The key comes as `Authorization: Bearer KEY` or `X-API-Key: KEY`.
    """

    def __init__(self, app: ASGIApp, keys: ApiKeys | None, settings: Settings) -> None:
        self._app = app
        self._keys = keys
        self._metrics = settings.metrics_access
        self._docs = settings.docs_access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it may be made."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        access = self._access(path_of(scope))
        request = HTTPConnection(scope)
        if access == "closed":
            detail = f"{scope['path']} is closed here."
            await problem_response(request, RouteNotFound, detail)(scope, receive, send)
        elif access == "key" and not self._is_known(request):
            await _ask_for_key(request)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _access(self, path: str) -> str:
        if path == METRICS:
            return self._metrics
        if path.startswith(DOCS):
            return self._docs
        if self._keys is None or path == "/" or path.startswith(OPEN):
            return "open"
        return "key"

    def _is_known(self, request: HTTPConnection) -> bool:
        if self._keys is None:
            return False
        user = self._keys.user(_presented(request))
        request.scope["user"] = user
        return user is not None


def _presented(request: HTTPConnection) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return request.headers.get("x-api-key", "")


def _ask_for_key(request: HTTPConnection) -> ASGIApp:
    detail = "This call needs a valid API key, as `Authorization: Bearer KEY` or `X-API-Key: KEY`."
    response = problem_response(request, Unauthorized, detail)
    response.headers["WWW-Authenticate"] = 'Bearer realm="paraisite"'
    return response
