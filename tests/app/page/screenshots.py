"""Takes the documentation's pictures of the page from a running service.

`python -m tests.app.page.screenshots http://localhost:8000` writes them to docs/images.
"""

import argparse
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.app.page.conftest import ARGUMENTS, CHROMIUM

ROOT = Path(__file__).parents[3]
IMAGES = ROOT / "docs" / "images"
EXAMPLES = sorted((ROOT / "app" / "static" / "examples").glob("*.cif"))
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}
DARK: dict[str, Any] = {"color_scheme": "dark"}
COLOURS = 256  # a picture of these weighs a third, and looks the same

Prepare = Callable[[Page], None]


def answer(page: Page) -> None:
    page.locator("canvas.stage").wait_for()
    page.locator(".dots svg").wait_for()


def ensemble(page: Page) -> None:
    page.locator("#ensemble-title").wait_for()
    if page.locator(".parity").count():
        page.locator(".parity-plot").wait_for()


def files(page: Page) -> None:
    bad = {"name": "notes.cif", "mimeType": "text/plain", "buffer": b"no crystal at all"}
    contents = [
        {"name": path.name, "mimeType": "text/plain", "buffer": path.read_bytes()}
        for path in EXAMPLES
    ]
    page.locator("#files").set_input_files([*contents, bad])  # type: ignore[arg-type]
    page.locator(".progress", has_text="1 failed").wait_for()
    page.get_by_role("button", name="LTC").click()


def comparison(page: Page) -> None:
    files(page)
    for name in ("NaCl", "PbTe", "MgO"):
        page.get_by_label(f"Select {name}.cif for comparison").check()
    page.get_by_role("link", name="Compare 3").click()
    page.locator("canvas.stage").nth(2).wait_for()


def home(page: Page) -> None:
    page.locator(".home .medium").wait_for()
    page.locator(".accuracy a").wait_for()


PICTURES: Mapping[str, tuple[str, dict[str, Any], Prepare]] = {
    "page-home": ("/", DESKTOP, home),
    "page-answer": ("/?example=TiNiSn", DESKTOP, answer),
    "page-answer-dark": ("/?example=TiNiSn&ensemble=dataset1-stage3", DESKTOP | DARK, answer),
    "page-files": ("/", DESKTOP, files),
    "page-compare": ("/", DESKTOP, comparison),
    "page-phone": ("/?example=NaCl", PHONE, answer),
    "page-phone-dark": ("/?example=TiNiSn&ensemble=dataset1-stage3", PHONE | DARK, answer),
    "page-ensemble": ("/#ensemble", DESKTOP, ensemble),
    "page-ensemble-phone": ("/#ensemble", PHONE | DARK, ensemble),
}


def take(browser: Browser, address: str, name: str, folder: Path) -> None:
    """Write the picture of this name."""
    path, window, prepare = PICTURES[name]
    context = browser.new_context(reduced_motion="reduce", **window)
    page = context.new_page()
    page.goto(address + path)
    prepare(page)
    page.wait_for_timeout(500)  # the canvas paints before the next frame
    picture = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    picture.quantize(COLOURS, Image.Quantize.FASTOCTREE).save(folder / f"{name}.png", optimize=True)
    context.close()


def main() -> None:
    """Take the pictures that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--only", nargs="+", choices=PICTURES, default=list(PICTURES))
    parser.add_argument("--out", type=Path, default=IMAGES)
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name in options.only:
            take(browser, options.address, name, options.out)
        browser.close()


if __name__ == "__main__":
    main()
