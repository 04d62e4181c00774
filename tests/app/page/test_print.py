"""Printing: one clean sheet, dark on white, without controls."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.page.conftest import OpenPage

HIDDEN = ("#ask", ".controls", ".actions", "nav", ".nearest .note")


def pages(page: Page) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("width", [390, 1280])
def test_answer_is_one_sheet_dark_on_white(open_page: OpenPage, service: str, width: int) -> None:
    page = open_page(
        f"{service}/?example=TiNiSn&ensemble=complete",
        color_scheme="dark",
        viewport={"width": width, "height": 844},
    )
    expect(page.locator("canvas.stage")).to_be_visible()
    assert pages(page) == 1
    page.emulate_media(media="print")
    for selector in HIDDEN:
        expect(page.locator(selector).first).to_be_hidden()
    expect(page.get_by_role("note")).to_be_visible()
    expect(page.locator(".print-only")).to_contain_text("printed 20")
    colors = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    assert colors == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def test_version_is_printed_though_its_details_are_closed(
    open_page: OpenPage, service: str
) -> None:
    page = open_page(f"{service}/?example=NaCl")
    expect(page.locator(".provenance code").first).to_be_hidden()
    page.evaluate("window.print = () => dispatchEvent(new Event('beforeprint'))")
    page.get_by_role("button", name="Print report").click()
    expect(page.locator(".provenance code").first).to_be_visible()


def test_table_is_printed_without_controls(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.locator(".progress")).to_contain_text("1 failed")
    assert pages(page) == 1
    page.emulate_media(media="print")
    expect(page.locator(".files .buttons")).to_be_hidden()
    expect(page.locator(".files tbody").first).to_contain_text("14.4")
