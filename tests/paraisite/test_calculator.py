"""Calculators as matcalc's are used, tables of their results, and what loading leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from ase.build import bulk
from pymatgen.core import Structure

import paraisite
from app.schemas import Answer
from app.screening.table.columns import COLUMNS
from app.settings import Settings
from models.errors import (
    DamagedEnsemble,
    StructureError,
    StructureTooLarge,
    UnknownEnsemble,
    UnreadableStructure,
)
from models.prediction.result import Prediction
from paraisite.ensemble import EnsembleCalc
from tests.app.conftest import FakeEnsemble

ROOT = Path(__file__).parents[2]
BROKEN = "data_broken\nnothing else"


@pytest.fixture(params=["local", "remote"])
def calculator(request):
    return request.getfixturevalue(request.param)


def test_a_row_has_the_names_of_a_screening(calculator, rocksalt_cif):
    row = calculator.calc(rocksalt_cif)
    assert set(row) == {*COLUMNS} - {"index", "sha256"}
    answer = calculator.predict(rocksalt_cif)
    assert row["ltc_mean"] == answer.ltc.mean
    assert row["interval_lower"] < row["ltc_mean"] < row["interval_upper"]
    assert (row["verdict"], row["ensemble"]) == (answer.domain.verdict, "made")


def test_structures_and_results_are_passed_on(calculator, rocksalt):
    assert calculator.calc(rocksalt)["final_structure"] is rocksalt
    chained = calculator.calc({"structure": rocksalt, "energy": -3.1})
    assert (chained["final_structure"], chained["energy"]) == (rocksalt, -3.1)


def test_a_table_keeps_the_rows_of_failures(calculator, rocksalt, zincblende):
    given = (each for each in [rocksalt, BROKEN, bulk("Si", a=5.43), zincblende])
    table = pd.DataFrame(calculator.calc_many(given, n_jobs=2, allow_errors=True, verbose=1))
    assert [*table.formula.fillna("-")] == ["NaCl", "-", "Si", "ZnS"]
    assert table.error[1].startswith("unreadable-structure: ")
    assert table.ltc_mean.notna().sum() == 3


def test_a_failure_raises_unless_it_is_allowed(calculator, rocksalt):
    rows = calculator.calc_many([rocksalt, BROKEN])
    assert next(rows)["formula"] == "NaCl"
    with pytest.raises(UnreadableStructure):
        next(rows)


def test_results_come_while_structures_are_still_made(calculator, rocksalt, monkeypatch):
    monkeypatch.setattr("paraisite.ensemble.MAX_CRYSTALS", 8)
    made = []

    def structures():
        for number in range(40):
            made.append(number)
            yield rocksalt

    next(calculator.calc_many(structures()))
    assert len(made) < 10


class Fragile(FakeEnsemble):
    """Fails for every batch with a heavy crystal in it."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def predict(self, crystals) -> list[Prediction]:
        if any(crystal.numbers.max() > 20 for crystal in crystals):
            raise self.error
        return super().predict(crystals)


@pytest.mark.parametrize("error", [DamagedEnsemble("No finite number."), ValueError("unforeseen")])
def test_a_crystal_that_cannot_be_predicted_spoils_no_other(rocksalt, zincblende, error):
    fragile = EnsembleCalc(Fragile(error), Settings())
    first, second, third = fragile.predict_many([rocksalt, zincblende, rocksalt])
    assert first == third
    assert isinstance(first, Answer)
    assert first.ltc.mean == pytest.approx(14.4)
    assert second is error
    table = fragile.calc_many([rocksalt, zincblende], allow_errors=True)
    assert [row.get("formula") for row in table] == ["NaCl", None]


class Malformed(dict[str, object]):
    """A document whose reading ends in an unforeseen error."""

    def get(self, *_):
        raise ZeroDivisionError


def test_a_structure_that_fails_unforeseen_spoils_no_other(calculator, rocksalt):
    answer, error = calculator.predict_many([rocksalt, Malformed(a=1)])
    assert isinstance(answer, Answer)
    assert isinstance(error, ZeroDivisionError)


def test_the_limit_on_bonds_holds_here_too(rocksalt):
    with pytest.raises(StructureTooLarge, match="different bonds"):
        EnsembleCalc(FakeEnsemble(), Settings(max_bonds=1)).calc(rocksalt)


def test_loading_leaves_the_environment_as_it_is(environment, tmp_path):
    """CUDA_VISIBLE_DEVICES would hide the GPU from the user's other libraries."""
    program = (
        "import os, paraisite; before = dict(os.environ); paraisite.load('made'); "
        "assert dict(os.environ) == before"
    )
    environment = os.environ | environment | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=tmp_path, check=True)


def test_an_ensemble_that_there_is_not(environment, monkeypatch):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UnknownEnsemble, match="no-such"):
        paraisite.load("no-such")


def test_another_package_of_our_names_is_told(tmp_path):
    (tmp_path / "models.py").write_text("mine = True\n")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", "import paraisite"],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"`import models` finds {tmp_path / 'models.py'}" in done.stderr


def test_import_is_light():
    program = "import sys, paraisite; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_matcalc_can_chain_it(local, rocksalt):
    """It calls `calc` with results, and `calc_many` with generators of them."""

    def relaxed(structures):
        for structure in structures:
            yield {"final_structure": structure.copy(), "energy": -1.0}

    (found,) = local.calc_many(relaxed([rocksalt]), n_jobs=None, allow_errors=False)
    assert isinstance(found["final_structure"], Structure)
    assert found["energy"] == -1.0


@pytest.mark.parametrize("text", ["", "  ", "data_x\r_a 1", '\ufeff{"a": 1}'])
def test_what_is_no_path_is_a_text(calculator, text):
    with pytest.raises(StructureError):
        calculator.calc(text)


@pytest.mark.parametrize("form", [str, Path, lambda text: {"cif": text}, str.encode])
def test_one_structure_where_several_are_wanted(calculator, rocksalt, form):
    with pytest.raises(TypeError, match="put it in a list"):
        next(calculator.calc_many(form("nacl.cif")))
    with pytest.raises(TypeError, match="put it in a list"):
        next(calculator.predict_many(rocksalt))
