"""A route that is called without the framework's validation where there is nothing to validate."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class DirectRoute(APIRoute):
    """A route whose function takes the request, and else only query parameters with defaults.

    Without a query the function is called at once: looking for parameters that are not there takes
    a tenth of the time of a cached answer.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        validated = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if request.scope["query_string"]:
                return await validated(request)
            response: Response = await self.endpoint(request)
            return response

        return handle
