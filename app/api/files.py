"""Files as answers, and other answers that stay the same."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

_TAGS = StaticFiles()  # compares those of other answers too


class WholeFiles(StaticFiles):
    """Files that are given whole, whatever range is asked for (RFC 9110, 14.2, leaves it open).

    Ranges that starlette cannot read or satisfy it refuses in plain text, as no other error is.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, or 304 where the client has it. Raises HTTPException."""
        # In the scope itself, since the response looks there when it is sent.
        scope["headers"] = [header for header in scope["headers"] if header[0] != b"range"]
        response = await super().get_response(path, scope)
        response.headers["Accept-Ranges"] = "none"
        return response


def unless_known(request: Request, response: Response) -> Response:
    """Return the response, which has an ETag, or 304 where the client has it already."""
    if _TAGS.is_not_modified(response.headers, request.headers):
        return NotModifiedResponse(response.headers)
    return response
