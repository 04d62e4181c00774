"""The page in the browser, and its files."""

from pathlib import Path

from fastapi import APIRouter, Request, Response

from app.api.files import WholeFiles

STATIC = Path(__file__).parents[2] / "static"
FILES = WholeFiles(directory=STATIC)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; "
    "script-src 'self'; "
    "style-src 'self'; "
    "img-src 'self'; "
    "connect-src 'self'; "
    "form-action 'self'; "
    "base-uri 'none'; "
    "frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # asked for again with its ETag, so an upgrade is seen at once
}

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front_page(request: Request) -> Response:
    """Give the page."""
    return await page_file("index.html", request)


# A route rather than a mount: so it has a name in the metrics, and errors like any other.
@router.get("/static/{path:path}")
async def page_file(path: str, request: Request) -> Response:
    """Give a script, style or example of the page."""
    response = await FILES.get_response(path, request.scope)
    response.headers.update(PAGE_HEADERS)
    return response
