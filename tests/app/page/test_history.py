"""Back, Forward, reload and a changed ensemble keep the work; late answers change nothing."""

import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from app.settings import Settings
from tests.app.conftest import FakeEnsemble
from tests.app.page.conftest import OpenPage, ready, running_service, wait_until

DONE = "2 of 3 predicted, 1 failed"
LATE = """
window.late = [];
const real = window.fetch;
window.fetch = async (url, {signal, ...options} = {}) => {  // no abort: the answer comes
  const response = await real(url, options);
  if (String(url).includes("ensemble=aflow-stage2")) {
    await new Promise(resolve => window.late.push(resolve));
  }
  return response;
};
"""

CHANGE_AT_ONCE = """texts => {
  const transfer = new DataTransfer();
  texts.forEach((text, i) => transfer.items.add(new File([text], `${i}.cif`)));
  document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: transfer, bubbles: true}));
  const chooser = document.getElementById("ensembles");
  chooser.value = "complete";
  chooser.dispatchEvent(new Event("change"));
}"""


@pytest.fixture
def table(open_page: OpenPage, service: str, cif_files: dict[str, Path]) -> Page:
    """Give a page with a table of three files whose results the browser has kept."""
    page = open_page(service)
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.get_by_role("status")).to_have_text(DONE)  # said once they are kept
    return page


def count_predictions(page: Page) -> list[str]:
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/predict" in request.url:
            asked.append(request.url)

    page.on("request", note)
    return asked


def choose(page: Page, ensemble: str) -> None:
    page.get_by_label("Ensemble", exact=True).select_option(ensemble)


def names_ensemble(page: Page, ensemble: str) -> None:
    expect(page.locator("#files-title")).to_have_text(f"3 files, ensemble {ensemble}")
    expect(page.locator(".progress")).to_have_text(DONE)


def test_back_and_forward_keep_a_table(table: Page) -> None:
    asked = count_predictions(table)
    table.get_by_role("link", name="ZnS.cif").click()
    expect(table.locator("#material")).to_have_text("ZnS")
    table.go_back()
    names_ensemble(table, "mix-stage3")
    table.go_forward()
    expect(table.locator("#material")).to_have_text("ZnS")
    assert asked == []
    table.go_back()
    table.go_back()
    expect(table.locator(".home")).to_be_visible()
    table.go_forward()
    names_ensemble(table, "mix-stage3")
    assert [url for url in asked if "mix-stage3" not in url] == []


def test_reload_keeps_a_table_and_its_row(table: Page) -> None:
    asked = count_predictions(table)
    table.reload()
    names_ensemble(table, "mix-stage3")
    expect(table.locator(".failed")).to_contain_text("Unreadable structure")
    table.get_by_role("link", name="ZnS.cif").click()
    expect(table.locator(".big")).to_have_text("23.4")
    table.reload()
    expect(table.locator(".big")).to_have_text("23.4")
    expect(table.locator("canvas.stage")).to_be_visible()
    assert asked == []
    table.get_by_role("link", name="All files").click()
    names_ensemble(table, "mix-stage3")


def test_table_is_found_again_in_a_new_tab(table: Page) -> None:
    other = table.context.new_page()
    other.goto(table.url)
    names_ensemble(other, "mix-stage3")


def test_table_of_another_browser_is_not_kept(table: Page, open_page: OpenPage) -> None:
    other = open_page(table.url)
    expect(other.get_by_role("alert")).to_contain_text("Table no longer kept")


def test_changed_ensemble_recomputes_a_table(table: Page) -> None:
    table.get_by_role("button", name="File", exact=True).dblclick()
    table.get_by_label("Select ZnS.cif for comparison").check()
    asked = count_predictions(table)
    choose(table, "complete")
    names_ensemble(table, "complete")
    assert len([url for url in asked if url.endswith("?ensemble=complete")]) == 2
    expect(table.get_by_label("Select ZnS.cif for comparison")).to_be_checked()
    expect(table.get_by_role("columnheader", name="File ↓")).to_have_attribute(
        "aria-sort", "descending"
    )
    asked.clear()
    table.go_back()
    names_ensemble(table, "mix-stage3")
    expect(table.get_by_label("Ensemble", exact=True)).to_have_value("mix-stage3")
    assert asked == []


def test_changed_ensemble_recomputes_a_row(table: Page) -> None:
    table.get_by_role("link", name="ZnS.cif").click()
    choose(table, "complete")
    expect(table.locator(".provenance summary")).to_contain_text("complete")
    expect(table.locator("#material")).to_have_text("ZnS")
    table.get_by_role("link", name="All files").click()
    names_ensemble(table, "complete")


def test_another_version_of_the_ensemble_recomputes_a_kept_table(
    open_page: OpenPage, settings: Settings, cif_files: dict[str, Path]
) -> None:
    older, newer = FakeEnsemble(), FakeEnsemble()
    newer.digest = "sha256:newer"
    with running_service(settings, older) as address:
        wait_until(lambda: ready(address))
        page = open_page(address)
        page.locator("#files").set_input_files(list(cif_files.values()))
        expect(page.locator(".progress")).to_have_text(DONE)
    with running_service(settings, newer, port=httpx.URL(address).port or 0):
        wait_until(lambda: ready(address))
        asked = count_predictions(page)
        page.reload()
        expect(page.locator(".progress")).to_have_text(DONE)
        assert len(asked) == 2


def test_stopped_table_goes_on_after_a_reload(
    open_page: OpenPage, settings: Settings, cif_files: dict[str, Path]
) -> None:
    ensemble = FakeEnsemble()
    with running_service(settings, ensemble) as address:
        wait_until(lambda: ready(address))
        page = open_page(address)
        expect(page.locator(".home .medium")).to_be_visible()
        ensemble.gate.clear()
        page.locator("#files").set_input_files(list(cif_files.values()))
        expect(page.locator(".files")).to_contain_text("working…")
        page.reload()
        ensemble.gate.set()
        expect(page.locator(".progress")).to_have_text(DONE)


def test_upload_too_long_for_a_link_survives_a_reload(
    open_page: OpenPage, service: str, tmp_path: Path, zincblende_cif: str
) -> None:
    noise = "\n".join(f"# {i * 7919 % 10007} {i**3 % 99991}" for i in range(9000))
    path = tmp_path / "long.cif"
    path.write_text(f"{noise}\n{zincblende_cif}")
    page = open_page(service)
    page.locator("#files").set_input_files(path)
    expect(page.locator("#material")).to_have_text("ZnS")
    expect(page.locator(".actions")).to_contain_text("This file is too long for a link.")
    page.reload()
    expect(page.locator("#material")).to_have_text("ZnS")
    expect(page.get_by_role("link", name="All files")).to_have_count(0)


def test_every_crystal_is_a_step_of_the_history(open_page: OpenPage, service: str) -> None:
    page = open_page(service)
    for example in ("NaCl", "MgO", "MgO"):
        page.get_by_role("button", name=example).click()
        expect(page.locator("#material")).to_have_text(example)
        expect(page).to_have_url(re.compile("digest="))
    page.go_back()
    expect(page.locator("#material")).to_have_text("NaCl")


def open_late(open_page: OpenPage, service: str) -> Page:
    page = open_page("about:blank")
    page.add_init_script(LATE)
    page.goto(service)
    expect(page.locator(".home .medium")).to_be_visible()
    return page


def wait_for_late(page: Page, count: int = 1) -> None:
    """Wait until answers are held back: the first view's sample, then what is asked for."""
    page.wait_for_function("count => window.late.length >= count", arg=count)


def release(page: Page) -> None:
    """Let the late answers come, and give the page time to show them."""
    page.evaluate("window.late.forEach(release => release())")
    page.wait_for_timeout(300)


def test_late_answer_does_not_replace_a_newer_one(open_page: OpenPage, service: str) -> None:
    page = open_late(open_page, service)
    choose(page, "aflow-stage2")
    wait_for_late(page)
    page.get_by_role("button", name="NaCl").click()
    wait_for_late(page, 2)
    choose(page, "complete")
    expect(page.locator(".provenance summary")).to_contain_text("complete")
    address = page.url
    release(page)
    expect(page.locator(".provenance summary")).to_contain_text("complete")
    expect(page.get_by_label("Ensemble", exact=True)).to_have_value("complete")
    assert page.url == address


def test_late_answers_do_not_enter_the_table_of_another_ensemble(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_late(open_page, service)
    choose(page, "aflow-stage2")
    wait_for_late(page)
    page.locator("#files").set_input_files([cif_files["NaCl.cif"], cif_files["ZnS.cif"]])
    wait_for_late(page, 3)
    choose(page, "complete")
    expect(page.locator(".progress")).to_have_text("2 of 2 predicted")
    release(page)
    expect(page.locator("#files-title")).to_have_text("2 files, ensemble complete")
    expect(page.locator(".files tbody").first).to_contain_text("9.60 to 21.6")


def test_late_answer_does_not_replace_the_first_view(open_page: OpenPage, service: str) -> None:
    page = open_late(open_page, service)
    choose(page, "aflow-stage2")
    wait_for_late(page)
    page.get_by_role("button", name="NaCl").click()
    wait_for_late(page, 2)
    page.get_by_role("link", name="ParAIsite").click()
    expect(page.locator(".home")).to_be_visible()
    release(page)
    expect(page.locator(".home")).to_be_visible()


def test_ensemble_changed_while_files_are_opened(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    expect(page.locator(".home .medium")).to_be_visible()
    page.evaluate(CHANGE_AT_ONCE, [path.read_text() for path in cif_files.values()])
    names_ensemble(page, "complete")
