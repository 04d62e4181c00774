"""What the number is, beside the value; the first view's sample, accuracy and citation."""

from playwright.sync_api import expect

from models.prediction.description import CONDITIONS, LEFT_OUT, NEXT_STEPS, PAPER
from tests.app.page.conftest import OpenPage
from tests.app.page.fake_ensembles import METHOD


def test_what_the_service_says_of_the_number_is_shown(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=NaCl&ensemble=complete")
    section = page.get_by_role("region", name="What this number is")
    expect(section.locator("dd").first.get_by_role("listitem")).to_have_text([*CONDITIONS])
    for sentence in (METHOD.name, METHOD.details, METHOD.source, *LEFT_OUT, NEXT_STEPS["edge"]):
        expect(section).to_contain_text(sentence)
    expect(section.get_by_role("link", name="Paper")).to_have_attribute("href", PAPER.url)
    section.get_by_role("button", name="Copy citation").click()
    expect(section.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(PAPER.text)
    assert "Predicted by ensemble complete, version complete" in copied


def test_a_method_that_is_not_stated_is_said_to_be_so(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/?example=NaCl&ensemble=mix-stage3")
    section = page.get_by_role("region", name="What this number is")
    expect(section).to_contain_text("Not stated by this ensemble")


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
    expect(sample).to_contain_text("NaCl at 300 K, by the 9 models of complete")
    expect(sample).to_contain_text("14.4")
    expect(sample).to_contain_text("9.60 to 21.6 with 90 % probability; at the edge of the")
    accuracy = page.get_by_role("region", name="How accurate it is")
    expect(accuracy).to_contain_text("For 95 crystals held out of training, complete differs")
    expect(accuracy).to_contain_text("by a factor of 1.58 in the mean")
    expect(accuracy).to_contain_text("the 90 % interval holds 91 % of them")  # 0.905
    expect(page.get_by_role("region", name="How to cite it")).to_contain_text("arXiv:2411.18259")
    sample.get_by_role("link", name="NaCl").click()
    expect(page.locator("#material")).to_have_text("NaCl")
