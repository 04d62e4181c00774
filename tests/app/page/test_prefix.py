"""The page behind a reverse proxy that serves it under a path prefix."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import expect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.factory import create_app
from app.settings import Settings
from tests.app.page.conftest import Materials, OpenPage, wait_until
from tests.app.page.fake_ensembles import DescribedEnsemble

PREFIX = "/ltc"


class Proxy:
    """A proxy's rule: only the prefix leads to the service, and is taken off."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and not path.startswith(f"{PREFIX}/"):
            await PlainTextResponse("outside the prefix", 404)(scope, receive, send)
            return
        inner: dict[str, Any] = {**scope}
        if scope["type"] == "http":
            inner["path"] = path.removeprefix(PREFIX)
            inner["raw_path"] = scope["raw_path"].removeprefix(PREFIX.encode())
        await self.app(inner, receive, send)


@pytest.fixture(scope="module")
def prefixed() -> Iterator[str]:
    """Give the address of the service behind the proxy."""
    ensembles = [DescribedEnsemble("mix-stage3"), DescribedEnsemble("other")]
    settings = Settings(mp_api_key=None, redis_url=None, root_path=PREFIX)
    app = create_app(settings, load=lambda _settings: ensembles, materials=Materials())
    server = uvicorn.Server(
        uvicorn.Config(Proxy(app), "127.0.0.1", 0, log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"http://127.0.0.1:{port}{PREFIX}"
    wait_until(lambda: httpx.get(f"{address}/health/ready").status_code == 200)
    yield f"{address}/"
    server.should_exit = True
    thread.join()


def test_every_view_works_under_a_prefix(
    open_page: OpenPage, prefixed: str, cif_files: dict[str, Path]
) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(prefixed)
    expect(page.locator(".home .medium")).to_have_text("14.4")
    page.get_by_role("button", name="MgO", exact=True).click()
    expect(page.locator("canvas.stage")).to_be_visible()
    expect(page.get_by_label("curl command", exact=True)).to_contain_text(f"{prefixed}predict?")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith(f"{prefixed}?example=MgO")
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.locator(".progress")).to_contain_text("1 failed")
    page.reload()
    expect(page.locator(".progress")).to_contain_text("1 failed")
    page.get_by_role("link", name="About").click()
    expect(page.locator("#ensemble-title")).to_have_text("mix-stage3")
    assert [url for url in asked if not url.startswith((prefixed, "blob:"))] == []


def test_page_of_an_error_under_a_prefix(open_page: OpenPage, prefixed: str) -> None:
    page = open_page(f"{prefixed}?id=mp-1")
    page.get_by_role("link", name="About this error").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Unknown material")
    assert page.url == f"{prefixed}problems/unknown-material"
    page.get_by_role("link", name="To the first page").click()
    expect(page.locator(".home .medium")).to_have_text("14.4")


def test_documentation_of_the_calls_under_a_prefix(open_page: OpenPage, prefixed: str) -> None:
    page = open_page(f"{prefixed}docs")
    expect(page.get_by_text("/predict/{material_id}", exact=True)).to_be_visible()
    servers = httpx.get(f"{prefixed}openapi.json").json()["servers"]
    assert servers == [{"url": PREFIX}]
