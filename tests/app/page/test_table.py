"""Several files at once."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from app.screening.table.files import metadata_path
from app.settings import Settings
from tests.app.conftest import FakeEnsemble, run_cli
from tests.app.page.conftest import OpenPage, ready, running_service, wait_until
from tests.app.page.fake_ensembles import WARNING, CompleteEnsemble

BATCH = "**/predict/batch?*"


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


def saved(page: Page, button: str) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    return Path(download.value.path())


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def values(row: dict[str, str]) -> list[tuple[str, str | float]]:
    """Return names and cells of a row in order, numbers as such."""
    return [(name, as_number(cell)) for name, cell in row.items()]


def as_number(cell: str) -> str | float:
    try:
        return float(cell)
    except ValueError:
        return cell


@pytest.fixture
def screened(
    cif_files: dict[str, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Screen the files, one of which is named as a formula, from the command line."""
    formula_injection = cif_files["NaCl.cif"].with_name("=1+1,.cif")
    formula_injection.write_text(cif_files["NaCl.cif"].read_text())
    table = tmp_path_factory.mktemp("tables") / "ltc.csv"
    assert run_cli(CompleteEnsemble(), "screen", tmp_path, "--out", table) == 0
    return table


def test_saved_table_is_that_of_a_screening(
    open_page: OpenPage, service: str, screened: Path, tmp_path: Path
) -> None:
    page = open_page(f"{service}?ensemble=complete")
    page.locator("#files").set_input_files(sorted(tmp_path.glob("*.cif")))
    expect(page.locator(".progress")).to_have_text("3 of 4 predicted, 1 failed")
    rows, expected = read_csv(saved(page, "Download CSV")), read_csv(screened)
    assert [*map(values, rows)] == [*map(values, expected)]
    assert rows[0]["material_id"] == "'=1+1,.cif"
    assert rows[3]["error"].startswith("unreadable-structure: The text is neither a CIF")
    units = json.loads(saved(page, "Units").read_text())
    metadata = json.loads(metadata_path(screened).read_text())
    assert units["tableSchema"] == metadata["tableSchema"]


def test_saved_table_is_the_same_after_a_reload(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.locator("#files").set_input_files(list(cif_files.values()))
    expect(page.locator(".progress")).to_contain_text("1 failed")
    before = saved(page, "Download CSV").read_text()
    page.reload()
    expect(page.locator(".progress")).to_contain_text("1 failed")
    assert saved(page, "Download CSV").read_text() == before


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
    first, second, bad = read_csv(saved(page, "Download CSV"))
    assert (first["warnings"], second["warnings"], bad["warnings"]) == ("", WARNING, "")


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
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".progress")).to_have_text("2 of 2 predicted")


def test_busy_service_is_waited_for(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    refused: list[Route] = []

    def refuse_twice(route: Route) -> None:
        if len(refused) == 2:
            route.continue_()
            return
        refused.append(route)
        problem = {"type": "/problems/rate-limited", "title": "Too many", "status": 429}
        headers = {"Content-Type": "application/problem+json", "Retry-After": "1"}
        route.fulfill(status=429, headers=headers, body=json.dumps(problem))

    page.route(BATCH, refuse_twice)
    page.locator("#files").set_input_files([cif_files["NaCl.cif"], cif_files["ZnS.cif"]])
    expect(page.locator(".files")).to_contain_text("service busy, waiting")
    expect(page.locator(".progress")).to_have_text("2 of 2 predicted")


def test_files_share_requests_and_rows_fill_as_each_is_done(
    open_page: OpenPage, held: FakeEnsemble, settings: Settings, cif_files: dict[str, Path]
) -> None:
    bodies: list[str] = []
    with running_service(settings, held) as address:
        wait_until(lambda: ready(address))
        page = open_page(address)
        page.on("request", lambda request: bodies.append(request.url))
        copies = numbered(cif_files["notes.cif"], 39)
        page.locator("#files").set_input_files([*copies, cif_files["NaCl.cif"]])
        expect(page.locator(".progress")).to_have_text("0 of 40 predicted, 39 failed")
        expect(rows(page).last).to_contain_text("working…")
        held.gate.set()
        expect(page.locator(".progress")).to_have_text("1 of 40 predicted, 39 failed")
    assert len([url for url in bodies if "/predict/batch" in url]) == 3
    assert not [url for url in bodies if url.endswith("/predict")]


def numbered(file: Path, count: int) -> list[Path]:
    copies = [file.with_name(f"{number:02}-{file.name}") for number in range(count)]
    for copy in copies:
        copy.write_bytes(file.read_bytes())
    return copies


def test_files_that_are_too_many_bytes_together_are_sent_in_smaller_groups(
    open_page: OpenPage, ensemble: FakeEnsemble, settings: Settings, cif_files: dict[str, Path]
) -> None:
    size = cif_files["NaCl.cif"].stat().st_size
    small = settings.model_copy(update={"max_upload_bytes": size + 1})
    too_large = cif_files["NaCl.cif"].with_name("99-large.cif")
    too_large.write_text(cif_files["NaCl.cif"].read_text() + "#" * 16 * size)
    with running_service(small, ensemble) as address:
        wait_until(lambda: ready(address))
        page = open_page(address)
        page.locator("#files").set_input_files([*numbered(cif_files["NaCl.cif"], 31), too_large])
        expect(page.locator(".progress")).to_have_text("31 of 32 predicted, 1 failed")
        expect(rows(page).last).to_contain_text("Structure too large")


def test_answer_that_breaks_off_is_told_in_the_rows_it_lacks(
    open_page: OpenPage, service: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(service)
    page.route(BATCH, lambda route: route.fulfill(status=200, body='{"index": 0, "torn'))
    page.locator("#files").set_input_files([cif_files["NaCl.cif"], cif_files["ZnS.cif"]])
    expect(rows(page).first).to_contain_text("The answer broke off")
    expect(page.get_by_role("button", name="Download CSV")).to_be_disabled()
    page.unroute(BATCH)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".progress")).to_have_text("2 of 2 predicted")
