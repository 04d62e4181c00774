"""One crystal, as a user asks for it: example, upload, paste, id, link, keyboard."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.app.page.conftest import OpenPage
from tests.app.page.fake_ensembles import WARNING

LAYOUT_SHIFT = """() => new Promise(resolve => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(e => (sum += e.value)))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(sum), 200);
})"""
PAINTED = """canvas => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const painted = data.filter((value, i) => i % 4 === 3 && value > 0).length;
  return painted / (canvas.width * canvas.height);
}"""
PICTURE = "canvas => canvas.toDataURL()"


def answered(page: Page, formula: str, mean: str) -> None:
    """Check that the answer for this crystal is in view."""
    expect(page.locator("#material")).to_have_text(formula)
    expect(page.locator(".big")).to_have_text(mean)
    expect(page.get_by_role("status")).to_have_text(f"{formula}: {mean} W/(m K)")


def structure_drawn(page: Page) -> None:
    expect(page.locator("canvas.stage")).to_be_visible()
    page.wait_for_function(f"({PAINTED})(document.querySelector('canvas.stage')) > 0.02")


def test_first_view_moves_nothing_and_asks_no_other_host(open_page: OpenPage, service: str) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(service)
    expect(page.get_by_role("heading", level=2)).to_contain_text("Lattice thermal conductivity")
    expect(page.get_by_label("Ensemble", exact=True)).to_have_value("mix-stage3")
    page.get_by_role("button", name="PbTe").click()
    answered(page, "PbTe", "67.4")
    structure_drawn(page)
    assert page.evaluate(LAYOUT_SHIFT) < 0.02
    assert [url for url in asked if not url.startswith((service, "blob:"))] == []


def test_example_with_everything_beside_the_number(open_page: OpenPage, service: str) -> None:
    page = open_page(service)
    page.get_by_role("button", name="NaCl").click()
    answered(page, "NaCl", "14.4")
    expect(page.locator(".facts")).to_contain_text("8 sites in the cell")
    expect(page.locator(".facts .visually-hidden")).to_have_text("Fm-3m")
    expect(page.locator(".dots .member")).to_have_count(10)  # nine, and one in the legend
    expect(page.locator(".number")).to_contain_text("not available for this ensemble")
    expect(page.locator(".verdict")).to_contain_text("Reliability unknown")
    expect(page.locator(".opinion")).to_contain_text(
        "Not available: this ensemble does not predict"
    )
    expect(page.get_by_role("note")).to_have_count(0)
    structure_drawn(page)
    page.get_by_text("Cell and 8 sites").click()
    expect(page.locator(".crystal figcaption")).to_contain_text("a 5.640, b 5.640, c 5.640 Å")
    expect(page.locator(".provenance")).to_contain_text("sha256:mix-stage3")
    expect(page.get_by_label("curl command", exact=True)).to_contain_text(f"{service}/predict")


def test_answer_as_json_is_the_services_own(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=MgO")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    assert download.value.suggested_filename == "MgO.json"
    saved = json.loads(Path(download.value.path()).read_text())
    cif = httpx.get(f"{service}/static/examples/MgO.cif").content
    direct = httpx.post(f"{service}/predict", files={"file": ("MgO.cif", cif)}).json()
    assert {**saved, "cache": "hit"} == direct


def test_upload_then_link_shows_the_same_again(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.locator("#files").set_input_files(cif_files["ZnS.cif"])
    answered(page, "ZnS", "23.4")
    structure_drawn(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    assert "#name=ZnS.cif&cif=" in link
    again = open_page(link)
    answered(again, "ZnS", "23.4")
    structure_drawn(again)
    expect(again.get_by_label("curl command", exact=True)).to_contain_text("ZnS.cif")


def test_link_made_with_another_version_says_so(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=NaCl&ensemble=mix-stage3&digest=0123456789ab")
    answered(page, "NaCl", "14.4")
    expect(page.locator(".answer > .card")).to_contain_text("another version of mix-stage3")


def test_damaged_link(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/#cif=not-deflated-at-all")
    expect(page.get_by_role("alert")).to_contain_text("Broken link")


def test_pasted_text_that_is_no_crystal(open_page: OpenPage, service: str) -> None:
    page = open_page(service)
    page.get_by_label("Crystal structure").fill("Na Cl")
    page.locator("#by-cif").get_by_role("button", name="Predict").click()
    expect(page.get_by_role("alert")).to_contain_text("Unreadable structure")
    page.get_by_role("link", name="About this error").click()
    expect(page.get_by_role("heading", level=2)).to_have_text("Unreadable structure")
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("alert")).to_contain_text("Unreadable structure")


def test_pasted_crystal(open_page: OpenPage, service: str, rocksalt_cif: str) -> None:
    page = open_page(service)
    page.get_by_label("Crystal structure").fill(rocksalt_cif)
    page.keyboard.press("Control+Enter")
    answered(page, "NaCl", "14.4")


def test_dropped_file(open_page: OpenPage, service: str, zincblende_cif: str) -> None:
    page = open_page(service)
    transfer = page.evaluate_handle(
        """text => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([text], "dropped.cif"));
          return transfer;
        }""",
        zincblende_cif,
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    expect(page.get_by_text("Drop structure files, a folder", exact=False)).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    answered(page, "ZnS", "23.4")
    expect(page.get_by_text("Drop structure files, a folder", exact=False)).to_be_hidden()


def test_material_id(open_page: OpenPage, service: str) -> None:
    page = open_page(service)
    page.get_by_label("Materials Project id").fill(" mp-22862 ")
    page.keyboard.press("Enter")
    answered(page, "NaCl", "14.4")
    expect(page.locator(".facts")).to_contain_text("mp-22862")
    structure_drawn(page)
    assert "?id=mp-22862&ensemble=mix-stage3&digest=" in page.url


def test_unknown_material(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?id=mp-1")
    expect(page.get_by_role("alert")).to_contain_text("Unknown material")


def test_another_ensemble_asks_again_and_back_goes_back(open_page: OpenPage, service: str) -> None:
    page = open_page(service)
    page.get_by_role("button", name="NaCl").click()
    answered(page, "NaCl", "14.4")
    page.get_by_label("Ensemble", exact=True).select_option("aflow-stage2")
    expect(page.locator(".provenance summary")).to_contain_text("aflow-stage2")
    assert "ensemble=aflow-stage2" in page.url
    page.go_back()
    expect(page.locator(".provenance summary")).to_contain_text("mix-stage3")
    page.go_back()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Lattice thermal conductivity")


def test_keyboard_alone(open_page: OpenPage, service: str) -> None:
    page = open_page(service)

    def tab_to(selector: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        pytest.fail(f"no way to {selector} by Tab")

    tab_to("#examples button[value=TiNiSn]")
    page.keyboard.press("Enter")
    answered(page, "TiNiSn", "33.7")
    structure_drawn(page)
    tab_to("canvas.stage")
    before = page.locator("canvas.stage").evaluate(PICTURE)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        f"before => ({PICTURE})(document.querySelector('canvas.stage')) !== before", arg=before
    )
    page.keyboard.press("0")
    page.wait_for_function(
        f"before => ({PICTURE})(document.querySelector('canvas.stage')) === before", arg=before
    )
    tab_to(".actions button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_interval_verdict_and_nearest_crystals(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=NaCl&ensemble=complete")
    answered(page, "NaCl", "14.4")
    expect(page.locator(".number")).to_contain_text("9.60 to 21.6 with 90 % probability")
    verdict = page.locator(".verdict.edge")
    expect(verdict).to_contain_text("At the edge of the training domain")
    expect(verdict).to_contain_text("No half-Heusler was trained on.")
    expect(verdict).to_contain_text("phonons are known (mp-7 in phonondb)")
    expect(verdict).to_contain_text("learned from the 7.00 W/(m K) that they suggest")
    described = page.locator(".dots svg").get_attribute("aria-label") or ""
    assert "Interval 9.60 to 21.6. Nearest training crystals: NaCl 20.0, NaCl 50.0." in described
    expect(page.locator(".dots svg .neighbor")).to_have_count(2)
    table = page.get_by_role("region", name="Nearest training crystals")
    expect(table.get_by_role("row").last).to_have_text("NaClsame compound50.060.00.120mp-3phonix")


def test_estimates_with_units_and_sources(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=NaCl&ensemble=complete")
    estimates = page.locator(".opinion .estimates > div")
    slack, minimum = estimates.first, estimates.last
    expect(slack).to_contain_text("9.60 W/(m K)")
    expect(slack).to_contain_text("The prediction lies a factor of 1.50 above it.")
    expect(slack.locator("dl")).to_have_text("Debye temperature305 KGrüneisen parameter1.62")
    expect(slack).to_contain_text("Source: Slack's formula")
    expect(minimum).to_contain_text("0.412 W/(m K)")
    expect(minimum).to_contain_text("The prediction lies above it.")
    expect(minimum.locator("dl")).to_have_text("Bulk modulus24.1 GPaShear modulus14.7 GPa")
    expect(minimum).to_contain_text("Source: Cahill")
    described = page.locator(".dots svg").get_attribute("aria-label") or ""
    assert described.endswith("Slack's estimate 9.60. Minimum conductivity 0.412.")
    expect(page.locator(".dots svg .slack, .dots svg .minimum")).to_have_count(2)


def test_estimate_far_from_the_members_is_named_beside_the_axis(
    open_page: OpenPage, service: str
) -> None:
    def lower_the_minimum(route: Route) -> None:
        response = route.fetch()
        answer: dict[str, Any] = response.json()
        if answer["second_opinion"]:
            answer["second_opinion"]["minimum"]["ltc"] = 0.002
        route.fulfill(response=response, json=answer)

    page = open_page(service)
    page.route("**/predict*", lower_the_minimum)
    page.get_by_label("Ensemble", exact=True).select_option("complete")
    page.get_by_role("button", name="NaCl").click()
    expect(page.locator(".dots figcaption")).to_contain_text(
        "minimum conductivity 0.00200, off this axis"
    )
    expect(page.locator(".dots svg .slack")).to_have_count(1)
    expect(page.locator(".dots svg .minimum")).to_have_count(0)


def test_warnings_stand_beside_the_number_and_are_said(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=TiNiSn&ensemble=complete")
    note = page.get_by_role("note", name="Before you use this number")
    expect(note.get_by_role("listitem")).to_have_text([WARNING])
    expect(page.get_by_role("status")).to_have_text(f"TiNiSn: 33.7 W/(m K). {WARNING}")
