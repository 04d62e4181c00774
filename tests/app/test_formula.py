"""Formulas in the usual order, wherever a user meets them."""

import json
from pathlib import Path

import pytest

from models.prediction.evidence import TrainingCrystal
from models.structure.read import parse_structure
from paraisite.ensemble import EnsembleCalc
from tests.app.conftest import FakeEnsemble, serving

PBTE = Path(__file__).parents[2] / "examples" / "PbTe.cif"
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def ensemble() -> FakeEnsemble:
    """Give an ensemble that was trained on PbTe, under the formula that identifies it."""
    ensemble = FakeEnsemble()
    formula = parse_structure(PBTE.read_text()).composition.reduced_formula
    assert formula == "TePb"
    known = {"formula": formula, "dataset": "dataset1", "ltc": 2.0, "out_of_fold": None}
    identity = {"prototype": "rocksalt"}
    ensemble.references = (TrainingCrystal(material_id="mp-19717", **known, **identity),)
    return ensemble


def test_over_http(settings, ensemble):
    text = PBTE.read_text()
    with serving(settings, ensemble) as client:
        predicted = client.post("/predict", content=text).json()
        structure = client.post("/structure", content=text).json()
        line = client.post("/predict/batch", content=json.dumps(text), headers=NDJSON).json()
        evidence = client.get(f"/ensembles/{ensemble.name}/evidence").json()
    assert predicted["material"]["formula"] == structure["formula"] == "PbTe"
    assert line["answer"]["material"]["formula"] == line["row"]["formula"] == "PbTe"
    assert [each["formula"] for each in evidence["references"]] == ["PbTe"]


def test_from_the_command_line(paraisite, tmp_path, capsys):
    assert paraisite("predict", PBTE) == 0
    assert " PbTe " in capsys.readouterr().out.splitlines()[-1]
    assert paraisite("predict", PBTE, "--json") == 0
    assert json.loads(capsys.readouterr().out)["formula"] == "PbTe"
    table = tmp_path / "ltc.jsonl"
    assert paraisite("screen", PBTE, "--out", table) == 0
    assert json.loads(table.read_text().splitlines()[-1])["formula"] == "PbTe"


def test_in_python(settings, ensemble):
    calculator = EnsembleCalc(ensemble, settings)
    assert calculator.predict(PBTE).material.formula == calculator.calc(PBTE)["formula"] == "PbTe"
