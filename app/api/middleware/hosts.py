"""Hosts that the service answers for."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.middleware.paths import path_of
from app.api.problems import problem_response
from app.errors import UnknownHost

LIVENESS = "/health/"  # probes ask by address


class TrustedHosts:
    """ASGI middleware that refuses requests for other hosts; `*.` before a host is any below it."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...]) -> None:
        self._app = app
        self._exact = frozenset(host.lower() for host in hosts if not host.startswith("*."))
        self._suffixes = tuple(host[1:].lower() for host in hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its Host header is known."""
        if scope["type"] != "http" or path_of(scope).startswith(LIVENESS):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        host = _without_port(request.headers.get("host", "")).lower()
        if host in self._exact or (self._suffixes and host.endswith(self._suffixes)):
            await self._app(scope, receive, send)
            return
        detail = f"This service does not answer for the host {host[:100]!r}; see TRUSTED_HOSTS."
        await problem_response(request, UnknownHost, detail)(scope, receive, send)


def _without_port(host: str) -> str:
    if host.startswith("["):  # IPv6
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
