"""Two or more crystals side by side."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.page.conftest import OpenPage


@pytest.fixture
def table(open_page: OpenPage, service: str, cif_files: dict[str, Path]) -> Page:
    page = open_page(f"{service}/?ensemble=complete")
    page.get_by_label("Ensemble", exact=True).select_option("complete")
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.locator(".progress")).to_have_text("2 of 3 predicted, 1 failed")
    return page


def compare(page: Page) -> None:
    for name in ("NaCl.cif", "ZnS.cif"):
        page.get_by_label(f"Select {name} for comparison").check()
    page.get_by_role("link", name="Compare 2").click()


def test_crystals_side_by_side(table: Page) -> None:
    compare(table)
    expect(table.locator("article h3 a")).to_have_text(["ZnS", "NaCl"])
    expect(table.locator("canvas.stage")).to_have_count(2)
    plot = table.get_by_role("img", name="LTC in W/(m K): ZnS 23.4 (15.6 to 35.1); NaCl 14.4")
    expect(plot.locator(".interval")).to_have_count(2)
    expect(plot.locator(".neighbor")).to_have_count(4)
    expect(table.locator(".comparison")).to_contain_text(
        "Intervals overlap, so the order is uncertain: ZnS and NaCl."
    )
    expect(table.locator("article").first).to_contain_text("NaCl (mp-2): 20.0 W/(m K)")
    expect(table.locator("article").first.get_by_role("note")).to_contain_text("Likely a metal")


def test_comparison_is_kept_and_left(table: Page) -> None:
    compare(table)
    expect(table.locator("article")).to_have_count(2)
    table.reload()
    expect(table.locator("article h3 a")).to_have_text(["ZnS", "NaCl"])
    table.get_by_label("Ensemble", exact=True).select_option("mix-stage3")
    expect(table.locator(".comparison")).to_contain_text("This ensemble has no interval")
    table.get_by_role("link", name="NaCl", exact=True).click()
    expect(table.locator("#material")).to_have_text("NaCl")
    table.go_back()
    expect(table.locator("article")).to_have_count(2)


def test_one_crystal_cannot_be_compared(table: Page) -> None:
    table.get_by_label("Select NaCl.cif for comparison").check()
    link = table.get_by_role("link", name="Compare (select 2 to 6)")
    expect(link).to_have_attribute("aria-disabled", "true")
    expect(link).not_to_have_attribute("href", "")
