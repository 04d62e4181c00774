"""A service that wants an API key: the page asks for it, keeps it in the tab and sends it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from app.settings import Settings
from tests.app.page.conftest import OpenPage, ready, running_service, wait_until
from tests.app.page.fake_ensembles import CompleteEnsemble
from tests.app.page.test_access import AXE, VIOLATIONS

KEY = "a-key-of-some-length"


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[str]:
    """Give the address of a service that answers only to a key."""
    keys = tmp_path / "keys"
    keys.write_text(f"user {KEY}\n")
    settings = Settings(mp_api_key=None, redis_url=None, api_keys_file=keys)
    with running_service(settings, CompleteEnsemble()) as address:
        wait_until(lambda: ready(address))
        assert httpx.get(f"{address}/ensembles").status_code == 401
        yield address


def question(page: Page) -> Locator:
    return page.get_by_role("dialog", name="API key needed")


def give(page: Page, key: str) -> None:
    question(page).get_by_label("API key", exact=True).fill(key)
    question(page).get_by_role("button", name="Use this key").click()


def test_the_page_asks_once_and_goes_on_by_itself(open_page: OpenPage, closed: str) -> None:
    page = open_page(f"{closed}/?example=NaCl")
    give(page, KEY)
    expect(page.locator("#material")).to_have_text("NaCl")
    expect(page.get_by_label("Ensemble", exact=True)).to_have_value("complete")
    expect(page.locator("canvas.stage")).to_be_visible()
    assert page.evaluate("Object.values(sessionStorage)") == [KEY]
    assert KEY not in page.url
    command = page.get_by_role("region", name="curl command")
    expect(command).to_contain_text('curl -H "X-API-Key: $KEY" -F')
    page.reload()
    expect(page.locator("#material")).to_have_text("NaCl")
    expect(question(page)).to_be_hidden()


def test_a_wrong_key_is_told_and_asked_for_again(open_page: OpenPage, closed: str) -> None:
    page = open_page(closed)
    expect(question(page)).to_contain_text("answers only with an API key")
    give(page, "a-key-that-is-wrong")
    expect(question(page)).to_contain_text("does not accept this key")
    give(page, KEY)
    expect(page.locator(".sample")).to_contain_text("14.4")


def test_the_files_of_a_table_wait_for_the_key(
    open_page: OpenPage, closed: str, cif_files: dict[str, Path]
) -> None:
    page = open_page(closed)
    expect(question(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(question(page)).to_be_hidden()
    page.locator("#files").set_input_files([*cif_files.values()])
    give(page, KEY)
    expect(page.locator(".progress")).to_contain_text("1 failed")  # the file that is no crystal


def test_without_a_key_the_page_says_so(open_page: OpenPage, closed: str) -> None:
    page = open_page(f"{closed}/?example=NaCl")
    question(page).get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_contain_text("API key needed")
    page.get_by_role("button", name="Try again").click()
    give(page, KEY)
    expect(page.locator("#material")).to_have_text("NaCl")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_question_is_accessible(open_page: OpenPage, closed: str, scheme: str) -> None:
    page = open_page(closed, color_scheme=scheme, viewport={"width": 390, "height": 700})
    expect(question(page).get_by_label("API key", exact=True)).to_be_focused()
    page.evaluate(AXE.read_text())
    assert page.evaluate(VIOLATIONS) == []
