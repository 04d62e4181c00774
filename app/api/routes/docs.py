"""GET /docs: the contract in Swagger UI, whose files come with the service."""

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from app.api.files import WholeFiles

# FastAPI would send the browser to another host, which a closed network does not reach.
FILES = WholeFiles(packages=[("fastapi_offline", "static")])
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; "
        "script-src 'self' 'unsafe-inline'; "  # Swagger UI is started by a script in the page
        "style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; "
        "connect-src 'self'; "
        "base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # as of the page's own files
}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def swagger_ui(request: Request) -> HTMLResponse:
    """Give the page that shows the calls and tries them."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",  # relative, as a reverse proxy may add a path prefix
        title=request.app.title,
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="static/icon.svg",
        swagger_ui_parameters={"validatorUrl": None},
    )
    page.headers.update(HEADERS)
    return page


@router.get("/docs/{path:path}")
async def swagger_file(path: str, request: Request) -> Response:
    """Give a script or style of Swagger UI."""
    response = await FILES.get_response(path, request.scope)
    response.headers["Cache-Control"] = HEADERS["Cache-Control"]
    return response
