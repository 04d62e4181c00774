"""Swagger UI: what its security policy forbids, other hosts above all, shows in the console."""

from playwright.sync_api import expect

from tests.app.page.conftest import OpenPage


def test_every_call_is_shown_without_another_host(service: str, open_page: OpenPage) -> None:
    page = open_page(f"{service}/docs")
    expect(page.get_by_text("/predict/{material_id}", exact=True)).to_be_visible()
    page.locator("#operations-predict-predict_cif_predict_post").click()
    expect(
        page.get_by_text("Predict the lattice thermal conductivity of the crystal")
    ).to_be_visible()
