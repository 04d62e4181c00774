"""What the number is, beside the value; the first view's sample, accuracy and citation."""

from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.app.page.conftest import OpenPage

CONDITIONS = ["300 K", "isotropic mean"]
NUMBER = {
    "conditions": CONDITIONS,
    "method": {"name": "three-phonon, PBEsol", "source": "https://example.org/phonix"},
    "left_out": ["electrons", "boundaries"],
    "next_steps": "Run phono3py.",
    "citation": {"text": "Someone (2026).", "doi": "10.1/xyz"},
}


def add_number(route: Route) -> None:
    response = route.fetch()
    answer: dict[str, Any] = response.json() | {"number": NUMBER}
    route.fulfill(response=response, json=answer)


def test_fields_of_the_service_are_shown(open_page: OpenPage, service: str) -> None:
    page = open_page("about:blank")
    page.route("**/predict*", add_number)
    page.goto(f"{service}/?example=NaCl")
    section = page.get_by_role("region", name="What this number is")
    expect(section.locator("dd").first.get_by_role("listitem")).to_have_text(CONDITIONS)
    expect(section).to_contain_text("three-phonon, PBEsol")
    expect(section.get_by_role("link", name="example.org")).to_be_visible()
    expect(section).to_contain_text("Run phono3py.")
    expect(section.get_by_role("link", name="Paper")).to_have_attribute(
        "href", "https://doi.org/10.1/xyz"
    )


def test_absent_fields_are_said_to_be_absent(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=NaCl&ensemble=complete")
    section = page.get_by_role("region", name="What this number is")
    expect(section).to_contain_text("Not stated by this ensemble")
    expect(section).to_contain_text("confirm it by a first-principles calculation")
    section.get_by_role("button", name="Copy citation").click()
    expect(section.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "arXiv:2411.18259" in copied
    assert "Predicted by ensemble complete, version complete" in copied


def test_nearest_crystals_lead_to_the_materials_project(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=NaCl&ensemble=complete")
    table = page.get_by_role("region", name="Nearest training crystals")
    expect(table.get_by_role("link", name="mp-3")).to_have_attribute(
        "href", "https://materialsproject.org/materials/mp-3"
    )


def test_first_view_shows_a_sample_its_accuracy_and_a_citation(
    open_page: OpenPage, service: str
) -> None:
    page = open_page(service)
    page.get_by_label("Ensemble", exact=True).select_option("complete")
    sample = page.locator(".sample")
    expect(sample).to_contain_text("14.4")
    expect(sample).to_contain_text("9.60 to 21.6 with 90 % probability; at the edge of the")
    accuracy = page.get_by_role("region", name="How accurate it is")
    expect(accuracy).to_contain_text("For 95 crystals held out of training, complete differs")
    expect(accuracy).to_contain_text("by a factor of 1.58 in the mean")
    expect(accuracy).to_contain_text("the 90 % interval holds 91 % of them")  # 0.905
    expect(page.get_by_role("region", name="How to cite it")).to_contain_text("arXiv:2411.18259")
    sample.get_by_role("link", name="NaCl").click()
    expect(page.locator("#material")).to_have_text("NaCl")


FORMULAS = {
    "TePb": "PbTe",
    "H4C": "CH4",
    "NaCl": "NaCl",
    "TiSnNi": "TiNiSn",
    "SrTiO3": "SrTiO3",
    "H2O": "H2O",
    "GaAs": "GaAs",
    "SiC": "SiC",
    "Ca(NO3)2": "Ca(NO3)2",
    "Sb3Co": "CoSb3",
    "La0.5": "La0.5",
}


def test_formulas_are_in_the_usual_order(open_page: OpenPage, service: str) -> None:
    page: Page = open_page(service)
    found = page.evaluate(
        """async formulas => {
          const {usual} = await import(new URL("static/js/base/formula.js", document.baseURI));
          return formulas.map(usual);
        }""",
        list(FORMULAS),
    )
    assert found == list(FORMULAS.values())
