"""A browser, and the service on a real port."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)
from pymatgen.core import Structure

from app.factory import create_app
from app.service.ensembles import ServedEnsemble
from app.settings import Settings
from models.errors import UnknownMaterial
from tests.app.conftest import READY_WITHIN
from tests.app.page.fake_ensembles import CompleteEnsemble, DescribedEnsemble
from tests.crystals import ROCKSALT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000  # ms
EXPECTED_IN_CONSOLE = ("Failed to load resource",)  # the browser's own note of an error answer

OpenPage = Callable[..., Page]


@contextmanager
def running_service(
    settings: Settings, *ensembles: ServedEnsemble, port: int = 0, **options: Any
) -> Iterator[str]:
    """Serve in a thread, and give the address."""
    app = create_app(settings, **{"load": lambda _settings: ensembles, **options})
    config = uvicorn.Config(
        app, "127.0.0.1", port, log_level="error", ws="none", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        wait_until(lambda: httpx.get(f"{address}/health/live").status_code == 200)
        yield address
    finally:
        server.should_exit = True
        thread.join()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ready(address: str) -> bool:
    return httpx.get(f"{address}/health/ready").status_code == 200


class Materials:
    """A source that knows rocksalt as mp-22862."""

    def structure(self, material_id: str) -> Structure:
        if material_id != "mp-22862":
            raise UnknownMaterial(f"There is no material {material_id}.")
        return ROCKSALT.crystal(["Na", "Cl"], 2.845)

    def prepare(self) -> None:
        """Have nothing to prepare."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def service() -> Iterator[str]:
    """Give the address of a service with three fake ensembles and one known material."""
    ensembles = [
        DescribedEnsemble("aflow-stage2"),
        CompleteEnsemble("complete"),
        DescribedEnsemble("mix-stage3"),
    ]
    settings = Settings(mp_api_key=None, redis_url=None)
    with running_service(settings, *ensembles, materials=Materials()) as address:
        wait_until(lambda: ready(address))
        yield address


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open an address in a fresh browser window; what its console says at the end is checked."""
    with ExitStack() as windows:

        def open_page(address: str, **window: Any) -> Page:
            context: BrowserContext = windows.enter_context(opened(browser, window))
            page = context.new_page()
            page.goto(address)
            return page

        yield open_page


@contextmanager
def opened(browser: Browser, window: dict[str, Any]) -> Iterator[BrowserContext]:
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED_IN_CONSOLE):
            complaints.append(message.text)

    context = browser.new_context(accept_downloads=True, reduced_motion="reduce", **window)
    context.set_default_timeout(PATIENCE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.on("console", note)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    try:
        yield context
    finally:
        context.close()
    assert complaints == []


@pytest.fixture
def cif_files(tmp_path: Path, rocksalt_cif: str, zincblende_cif: str) -> dict[str, Path]:
    """Two crystals and a file that holds none."""
    files = {
        "NaCl.cif": rocksalt_cif,
        "ZnS.cif": zincblende_cif,
        "notes.cif": "no crystal at all",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return {name: tmp_path / name for name in files}
