"""The page of an ensemble: what it reaches, on what, and what of that is not known."""

from playwright.sync_api import Locator, Page, expect

from tests.app.page.conftest import OpenPage


def table_rows(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True).get_by_role("row")


def test_errors_in_plain_words_and_training(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/#ensemble=aflow-stage2")
    expect(page.locator("#ensemble-title")).to_have_text("aflow-stage2")
    expect(page.locator("article")).to_contain_text("Made up for tests of the page.")
    errors = table_rows(page, "mean of the members")
    expect(errors.first).to_have_text("Measuredataset1 (95)")
    expect(errors.filter(has_text="(MAPE)").get_by_role("cell")).to_have_text("0.318 ± 0.050")
    expect(errors.filter(has_text="log10").get_by_role("cell")).to_have_text("0.200")
    expect(errors.filter(has_text="No prediction").get_by_role("cell")).to_have_text("0")
    expect(table_rows(page, "Models")).to_have_count(3)
    page.get_by_role("link", name="mix-stage3").click()
    expect(page.locator("#ensemble-title")).to_have_text("mix-stage3")


def test_what_was_not_measured_is_said(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/#ensemble=aflow-stage2")
    article = page.locator("article")
    expect(article).to_contain_text("Not available: this ensemble keeps no predictions")
    expect(article).to_contain_text("Not measured: this ensemble has no calibrated interval.")
    expect(article).to_contain_text("Not measured: no cell of the paper's Table I is known")
    expect(page.locator(".parity-plot")).to_have_count(0)


def test_table_of_the_paper_beside_what_is_reached(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/#ensemble=complete")
    cells = table_rows(page, "Table I: members by the published procedure")
    expect(cells).to_have_text(
        [
            "Tested on (crystals)HerePublishedApart, in published deviations",
            "dataset1 (95)0.29 ± 0.060.34 ± 0.10−0.5",
            "aflow (95)not measured0.48 ± 0.10–",
        ]
    )


def test_coverage_overall_and_in_every_group(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/#ensemble=complete")
    expect(page.locator("article")).to_contain_text(
        "The interval held the true value for 90.5 % of the crystals. "
        "Half of the intervals reach less than a factor of 2.00 up and down; "
        "one and the same for all crystals would need 2.51."
    )
    groups = table_rows(page, "Coverage of the interval")
    expect(groups.first.locator("text")).to_have_text(["40 %", "90", "100"])
    texts = [row.inner_text().split() for row in groups.all()[1:]]
    assert [" ".join(words) for words in texts] == [
        "All 90.5 % 200 –",
        "Training domain: inside 92.0 % 150 0.161",
        "Training domain: outside 40.0 % 20 –",
        "Data set: phonix 90.0 % – –",
        "Structure type: rocksalt 88.9 % – –",
        "LTC 1 to 10 W/(m K) 87.5 % – –",
        "LTC 10 to 100 W/(m K) 100.0 % – –",
    ]
    level = float(groups.nth(1).locator(".level").get_attribute("x1") or "")
    dots = [float(dot.get_attribute("cx") or "") for dot in groups.locator(".member").all()]
    assert [x - level > 0 for x in dots] == [True, True, False, False, False, False, True]
    expect(table_rows(page, "More about the interval").last).to_have_text("Rank of spread0.512")


def test_parity_plot_and_the_same_in_words(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/#ensemble=complete")
    expect(page.locator("article")).to_contain_text(
        "75 % of 4 lie within a factor of two. The other 1 of the 5 training crystals"
    )
    plot = page.get_by_role("img", name="Predicted against reference LTC in W/(m K)")
    described = plot.get_attribute("aria-label") or ""
    assert described.endswith("from 1.00 to 300: phonix, 3 crystals; dataset1, 1 crystals.")
    expect(plot.locator("text").filter(has_text="W/(m K)")).to_have_text(
        ["Reference LTC, W/(m K)", "Cross-validated prediction, W/(m K)"]
    )
    paths = [mark.get_attribute("d") or "" for mark in plot.locator(".mark").all()]
    assert [path.count("M") for path in paths] == [3, 1]
    expect(table_rows(page, "Errors by data set").nth(1)).to_have_text("phonix367 %1.50")
    page.get_by_text("The 4 largest errors").click()
    expect(table_rows(page, "Largest errors").nth(1)).to_have_text(
        "NaClmp-2phonix20.08.00a factor of 2.50, too low"
    )


def test_pointing_at_a_mark_names_its_crystal(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/#ensemble=complete")
    plot = page.locator(".parity-plot")
    plot.scroll_into_view_if_needed()
    diamond = plot.locator(".mark").last.bounding_box()  # the only crystal of its data set
    assert diamond is not None
    page.mouse.move(diamond["x"] + diamond["width"] / 2, diamond["y"] + diamond["height"] / 2)
    expect(page.locator(".parity .note")).to_have_text(
        "NaCl (mp-4, dataset1): reference 300, predicted 200 W/(m K)"
    )


def test_page_of_an_ensemble_that_is_not_loaded(open_page: OpenPage, service: str) -> None:
    page = open_page(f"{service}/#ensemble=other")
    expect(page.get_by_role("alert")).to_contain_text("Unknown ensemble")
