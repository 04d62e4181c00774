"""Several files at once."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.settings import Settings
from tests.app.conftest import FakeEnsemble
from tests.app.page.conftest import OpenPage, ready, running_service, wait_until
from tests.app.page.fake_ensembles import WARNING


def rows(page: Page) -> Locator:
    return page.locator(".files tbody")


def first_cells(page: Page) -> list[str]:
    return page.locator(".files tbody th").all_inner_texts()


def test_bad_file_has_its_error_in_its_row(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.locator(".progress")).to_have_text("2 of 3 predicted, 1 failed")
    expect(rows(page).filter(has_text="NaCl.cif")).to_contain_text("14.4")
    failed = rows(page).filter(has_text="notes.cif")
    expect(failed).to_contain_text("Unreadable structure")
    expect(failed).to_contain_text("The text is neither a CIF")


def test_table_is_sorted_by_any_column(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.locator(".progress")).to_contain_text("1 failed")
    assert first_cells(page) == ["NaCl.cif", "ZnS.cif", "notes.cif"]
    column = page.get_by_role("columnheader", name="LTC")
    for direction, order in (
        ("ascending", ["NaCl.cif", "ZnS.cif", "notes.cif"]),
        ("descending", ["ZnS.cif", "NaCl.cif", "notes.cif"]),
    ):
        column.get_by_role("button").click()
        expect(column).to_have_attribute("aria-sort", direction)
        assert first_cells(page) == order


def test_table_is_saved_as_csv(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    formula_injection = cif_files["NaCl.cif"].with_name("=1+1,.cif")
    formula_injection.write_text(cif_files["NaCl.cif"].read_text())
    page = open_page(service)
    page.locator("#files").set_input_files([*cif_files.values(), formula_injection])
    expect(page.locator(".progress")).to_have_text("3 of 4 predicted, 1 failed")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        first, _, bad, injected = csv.DictReader(file)
    assert (first["file"], first["formula"], first["space_group"]) == ("NaCl.cif", "NaCl", "Fm-3m")
    assert float(first["ltc_mean [W/(m K)]"]) == pytest.approx(14.4)
    assert (first["interval_lower [W/(m K)]"], first["error"]) == ("", "")
    assert bad["error"].startswith("Unreadable structure: The text is neither a CIF")
    assert injected["file"] == "'=1+1,.cif"


def test_warnings_are_read_without_pointing_and_saved_with_the_estimates(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.get_by_label("Ensemble", exact=True).select_option("complete")
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.locator(".progress")).to_contain_text("1 failed")
    sure, warned = (rows(page).filter(has_text=name) for name in ("NaCl.cif", "ZnS.cif"))
    expect(sure.get_by_role("row")).to_have_count(1)
    expect(warned.get_by_text(f"Warning: {WARNING}")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        first, second, bad = csv.DictReader(file)
    assert (first["warnings"], second["warnings"], bad["warnings"]) == ("", WARNING, "")
    assert (first["slack [W/(m K)]"], first["minimum [W/(m K)]"]) == ("9.6", "0.412")


def test_row_opens_alone_and_closes_again(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.locator("#files").set_input_files(list(cif_files.values()))
    page.get_by_role("link", name="ZnS.cif").click()
    expect(page.locator("#material")).to_have_text("ZnS")
    expect(page.locator("canvas.stage")).to_be_visible()
    page.get_by_role("link", name="All files").click()
    expect(rows(page)).to_have_count(3)


def test_title_names_the_ensemble(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.get_by_role("heading", level=2)).to_have_text("3 files, ensemble mix-stage3")


@pytest.fixture
def held(ensemble: FakeEnsemble) -> Iterator[FakeEnsemble]:
    """Give an ensemble that does not answer before its gate is opened."""
    ensemble.gate.clear()
    yield ensemble
    ensemble.gate.set()


def test_cancel_and_go_on(
    open_page: OpenPage, held: FakeEnsemble, settings: Settings, cif_files: dict[str, Path]
) -> None:
    with running_service(settings, held) as address:
        wait_until(lambda: ready(address))
        page = open_page(address)
        page.locator("#files").set_input_files([cif_files["NaCl.cif"], cif_files["ZnS.cif"]])
        expect(rows(page).first).to_contain_text("working…")
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".progress")).to_have_text("0 of 2 predicted, 2 cancelled")
        held.gate.set()
        page.get_by_role("button", name="Try the rest again").click()
        expect(page.locator(".progress")).to_have_text("2 of 2 predicted")


def test_busy_service_is_waited_for(
    open_page: OpenPage, held: FakeEnsemble, settings: Settings, cif_files: dict[str, Path]
) -> None:
    tight = settings.model_copy(update={"concurrency": 1, "max_queue": 0})
    with running_service(tight, held) as address:
        wait_until(lambda: ready(address))
        page = open_page(address)
        page.locator("#files").set_input_files([cif_files["NaCl.cif"], cif_files["ZnS.cif"]])
        expect(page.locator(".files")).to_contain_text("service busy, waiting")
        held.gate.set()
        expect(page.locator(".progress")).to_have_text("2 of 2 predicted")
