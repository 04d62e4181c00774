"""Files of the service as answers."""

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


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
