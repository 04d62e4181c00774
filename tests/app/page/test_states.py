"""What the page shows while there is no answer: starting, slow, overloaded, unreachable."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from playwright.sync_api import expect

from app.api.problems import MEDIA_TYPE, problem_of
from app.errors import RateLimited, RequestTimeout, Stopping
from app.settings import Settings
from models.errors import DamagedEnsemble, MaterialsProjectUnavailable, ParaisiteError
from tests.app.conftest import FakeEnsemble
from tests.app.page.conftest import OpenPage, ready, running_service, wait_until


def test_service_that_is_still_starting(
    open_page: OpenPage, ensemble: FakeEnsemble, settings: Settings
) -> None:
    loaded = threading.Event()

    def load(_settings: Settings) -> list[FakeEnsemble]:
        loaded.wait(30)
        return [ensemble]

    with running_service(settings, load=load) as address:
        page = open_page(address)
        expect(page.get_by_text("The service is loading its ensembles")).to_be_visible()
        page.get_by_role("button", name="NaCl").click()
        expect(page.get_by_text("The service is starting")).to_be_visible()
        loaded.set()
        expect(page.locator(".big")).to_have_text("14.4")
        expect(page.get_by_label("Ensemble", exact=True)).to_have_value("mix-stage3")


def test_slow_answer_can_be_cancelled(
    open_page: OpenPage, ensemble: FakeEnsemble, settings: Settings
) -> None:
    ensemble.gate.clear()
    with running_service(settings, ensemble) as address:
        wait_until(lambda: ready(address))
        page = open_page(address)
        page.get_by_role("button", name="NaCl").click()
        expect(page.get_by_text("Predicting NaCl…")).to_be_visible()
        expect(page.get_by_text("1 s", exact=True)).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_text("Cancelled.")).to_be_visible()
        ensemble.gate.set()


def test_overloaded_service_is_asked_again(
    open_page: OpenPage, ensemble: FakeEnsemble, settings: Settings, zincblende_cif: str
) -> None:
    tight = settings.model_copy(update={"concurrency": 1, "max_queue": 0})
    with running_service(tight, ensemble) as address, ThreadPoolExecutor(1) as pool:
        wait_until(lambda: ready(address))
        page = open_page(address)
        expect(page.locator(".home .medium")).to_be_visible()  # the sample is predicted
        ensemble.gate.clear()
        other = pool.submit(httpx.post, f"{address}/predict", json={"cif": zincblende_cif})
        wait_until(lambda: ensemble.calls == [1, 1])
        page.get_by_role("button", name="PbTe").click()
        expect(page.get_by_text("The service is busy; trying again in 1")).to_be_visible()
        ensemble.gate.set()
        expect(page.locator(".big")).to_have_text("67.4")
        assert other.result().status_code == 200


def test_service_that_went_away_and_came_back(open_page: OpenPage, settings: Settings) -> None:
    with running_service(settings, FakeEnsemble()) as address:
        wait_until(lambda: ready(address))
        page = open_page(address)
        expect(page.get_by_label("Ensemble", exact=True)).to_have_value("mix-stage3")
    page.get_by_label("Crystal structure").fill("data_x")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("The service does not answer")
    with running_service(settings, FakeEnsemble(), port=httpx.URL(address).port or 0):
        wait_until(lambda: ready(address))
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("alert")).to_contain_text("No structure found")


def test_answer_of_a_proxy_in_between(open_page: OpenPage, service: str) -> None:
    page = open_page(service)
    page.route("**/predict*", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.get_by_role("button", name="NaCl").click()
    expect(page.get_by_role("alert")).to_contain_text("Unexpected answer (502)")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (RateLimited, "The service is busy"),
        (RequestTimeout, "The crystal takes long"),
        (Stopping, "The service is restarting"),
        (MaterialsProjectUnavailable, "The Materials Project does not answer"),
    ],
)
def test_what_the_service_asks_to_try_again_is_tried_again(
    open_page: OpenPage, service: str, kind: type[ParaisiteError], said: str
) -> None:
    page = open_page(service)
    expect(page.locator(".home .medium")).to_be_visible()
    problem = problem_of(kind, "Wait.", "/predict")
    page.route(
        "**/predict*",
        lambda route: route.fulfill(
            status=problem.status,
            headers={"Retry-After": "1"},
            content_type=MEDIA_TYPE,
            body=problem.model_dump_json(),
        ),
        times=1,
    )
    page.get_by_role("button", name="NaCl").click()
    expect(page.get_by_text(f"{said}; trying again in 1")).to_be_visible()
    expect(page.locator(".big")).to_have_text("14.4")


def test_what_the_service_refuses_for_good_is_not_tried_again(
    open_page: OpenPage, service: str
) -> None:
    page = open_page(service)
    expect(page.locator(".home .medium")).to_be_visible()
    problem = problem_of(DamagedEnsemble, "Restore its files.", "/predict")
    page.route(
        "**/predict*",
        lambda route: route.fulfill(
            status=problem.status, content_type=MEDIA_TYPE, body=problem.model_dump_json()
        ),
        times=1,
    )
    page.get_by_role("button", name="NaCl").click()
    expect(page.get_by_role("alert")).to_contain_text("Restore its files.")
