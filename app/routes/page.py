"""The page in the browser, and its files."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent.parent / "static"

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # 3Dmol.js keeps its textures in data URLs
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # asked for again with its ETag, so an upgrade is seen at once
}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front_page() -> FileResponse:
    """Give the page."""
    return FileResponse(STATIC / "index.html", headers=PAGE_HEADERS)


class PageFiles(StaticFiles):
    """Scripts, styles and example structures, under the page's own headers."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file. Raises HTTPException 404 where there is none."""
        response = await super().get_response(path, scope)
        response.headers.update(PAGE_HEADERS)
        return response
