"""The HTML report and the CIFs of a shortlist."""

import json
import re

import pytest

from app.screening.ranking.summary import Histogram, Summary
from models.formula import usual
from models.structure.read import parse_structure
from tests.app.conftest import Sceptic, run_cli
from tests.app.screening.conftest import entry, write_lines
from tests.crystals import generated_crystals


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    """A folder with the report and shortlist of forty crystals, and of a file that is none."""
    folder = tmp_path_factory.mktemp("report")
    source = write_lines(folder / "crystals.jsonl", generated_crystals(40, 2))
    source.write_text(source.read_text() + '{"id": "<b>&broken"}\n')
    options = ("--report", folder / "r.html", "--shortlist", folder / "list", "--top", 4)
    command = ("screen", source, "--out", folder / "t.parquet", "--highest", "--above", 20)
    assert run_cli(Trusting(), *command, *options) == 0
    return folder


class Trusting(Sceptic):
    """As the other, with everything inside the domain."""

    def _doubted(self, prediction):
        doubted = super()._doubted(prediction)
        domain = doubted.domain.model_copy(update={"verdict": "inside"})
        return doubted.model_copy(update={"domain": domain})


def test_the_report_is_one_file_with_all_parts(screened):
    page = (screened / "r.html").read_text()
    text = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    for title in (
        "Ranking",
        "Distribution",
        "Chemistry",
        "Structure types",
        "Doubts",
        "Provenance",
    ):
        assert f"<h2>{title}</h2>" in text
    assert not re.search(r'(src|href)="?(https?:)?//', text)
    assert "&gt; 20 W/(m K)" in text
    assert "unreadable-structure" in text
    assert "$" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert page.count("Plotly.newPlot(") >= 4


def test_the_shortlist_is_in_the_order_of_the_ranking(screened):
    files = sorted((screened / "list").iterdir())
    assert [file.name[:4] for file in files] == ["001_", "002_", "003_", "004_"]
    means = [float(re.findall(r"300 K (\S+),", file.read_text())[0]) for file in files]
    assert means == sorted(means, reverse=True)
    for file in files:
        formula = usual(parse_structure(file.read_text()).composition.reduced_formula)
        assert f"_{formula}_" in file.name


def test_quantiles_are_those_of_the_numbers():
    histogram = Histogram()
    for exponent in range(-20, 30):
        histogram.add(10 ** (exponent / 10 + 0.05))
    assert histogram.total == 50
    assert histogram.quantile(0.5) == pytest.approx(10**0.5)
    assert histogram.quantile(1) == pytest.approx(10**3)


def test_doubts_are_counted_by_their_kind():
    summary = Summary()
    for percent, atom in ((3, "Na"), (4, "Cs")):
        row = dict.fromkeys(("error", "structure_type", "likely_metal"))
        warnings = f"Likely a metal (its {atom} is). The cell of {percent} sites is reduced to 2."
        row |= {"formula": atom, "ltc_mean": 3.0, "verdict": "outside"}
        summary.add(row | {"warnings": warnings, "reasons": f"No training crystal holds {atom}."})
    assert summary.doubts["Likely a metal"] == 2
    assert summary.doubts["The cell"] == 2
    assert summary.doubts.total() == 6


def test_the_report_is_no_table_and_may_be_in_a_new_folder(paraisite, cifs, tmp_path, capsys):
    report = tmp_path / "new" / "r.html"
    assert paraisite("screen", cifs, "--out", tmp_path / "a.csv", "--report", report) == 0
    assert report.exists()
    same = (tmp_path / "b.csv", "--report", tmp_path / "new" / ".." / "b.csv")
    assert paraisite("screen", cifs, "--out", *same) == 2
    assert "--report and --out are the same file" in capsys.readouterr().err
    assert not (tmp_path / "b.csv").exists()


def test_a_shortlist_has_the_crystals_of_this_run_only(paraisite, tmp_path, rocksalt, zincblende):
    source, folder = tmp_path / "crystals.jsonl", tmp_path / "list"
    long = [entry("x" * 300, rocksalt), entry("x" * 301, zincblende)]
    source.write_text("".join(json.dumps(each) + "\n" for each in long))
    (folder / "deeper").mkdir(parents=True)
    (folder / "001_mine.cif").write_text("data_mine")
    for top, count in ((2, 2), (1, 1)):
        options = ("--out", tmp_path / "ltc.csv", "--shortlist", folder, "--top", top)
        assert paraisite("screen", source, *options) == 0
        names = sorted(path.name for path in folder.glob("*.cif"))
        names.remove("001_mine.cif")
        assert len(names) == count
        assert names[0].startswith("001_NaCl_xxx")
