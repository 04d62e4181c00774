"""Accessibility rules, phone width, dark mode."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.app.page.conftest import OpenPage

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
VIOLATIONS = """async () => {
  const {violations} = await axe.run();
  return violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html}`));
}"""
PHONE = {"width": 390, "height": 844}


def home(page: Page, _files: list[Path]) -> None:
    expect(page.locator(".home .medium")).to_be_visible()


def chosen(page: Page, _files: list[Path]) -> None:
    page.get_by_label("Ensemble", exact=True).select_option("complete")
    expect(page.get_by_role("link", name="About")).to_have_attribute("href", "#ensemble=complete")


def answer(page: Page, _files: list[Path]) -> None:
    page.get_by_role("button", name="TiNiSn").click()
    expect(page.locator("canvas.stage")).to_be_visible()
    page.get_by_text("Cell and 12 sites").click()
    page.locator(".provenance summary").click()
    expect(page.get_by_role("note")).to_contain_text("Likely a metal")
    expect(page.locator(".opinion")).to_contain_text("Debye temperature")


def problem(page: Page, _files: list[Path]) -> None:
    page.get_by_label("Materials Project id").fill("NaCl")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Invalid material id")


def files(page: Page, files: list[Path]) -> None:
    page.locator("#files").set_input_files(files)
    expect(page.locator(".progress")).to_contain_text("1 failed")


def comparison(page: Page, _files: list[Path]) -> None:
    for name in ("NaCl.cif", "ZnS.cif"):
        page.get_by_label(f"Select {name} for comparison").check()
    page.get_by_role("link", name="Compare 2").click()
    expect(page.locator("canvas.stage")).to_have_count(2)


def explained_problem(page: Page, _files: list[Path]) -> None:
    page.goto(urljoin(page.url, "problems/overloaded"))
    page.evaluate(AXE.read_text())


def ensemble(page: Page, _files: list[Path]) -> None:
    page.get_by_role("link", name="About").click()
    expect(page.get_by_role("heading", name="complete")).to_be_visible()
    expect(page.locator(".parity-plot")).to_be_visible()
    page.get_by_text("largest errors").click()


VIEWS = [home, chosen, answer, problem, files, comparison, ensemble, explained_problem]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_breaks_a_rule_of_accessibility_or_is_wider_than_a_phone(
    open_page: OpenPage, service: str, cif_files: dict[str, Path], scheme: str
) -> None:
    page = open_page(service, color_scheme=scheme, viewport=PHONE)
    page.evaluate(AXE.read_text())
    for show in VIEWS:
        show(page, list(cif_files.values()))
        assert page.evaluate(VIOLATIONS) == [], show.__name__
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_dark_mode_follows_the_system(open_page: OpenPage, service: str) -> None:
    page = open_page(service, color_scheme="dark")
    background: Callable[[], str] = lambda: page.evaluate(  # noqa: E731
        "getComputedStyle(document.body).backgroundColor"
    )
    dark = background()
    page.emulate_media(color_scheme="light")
    assert background() != dark


def test_conductivity_in_a_table_is_seen_on_a_phone(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    long_name = cif_files["NaCl.cif"].with_name("sodium_chloride_rocksalt_298K_measured_v2.cif")
    long_name.write_text(cif_files["NaCl.cif"].read_text())
    page = open_page(service, viewport=PHONE)
    page.get_by_label("Ensemble", exact=True).select_option("complete")
    page.locator("#files").set_input_files([*cif_files.values(), long_name])
    expect(page.locator(".progress")).to_contain_text("1 failed")
    for cell in page.locator(".files td.strong").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
