"""A user's own ensemble from `recommended`: its networks and lengths, new heads and process."""

from pathlib import Path

import numpy as np
import pytest

from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.errors import DataError
from models.manifest import PROCESS, WEIGHTS
from models.prediction.gaussian_process import Process
from models.structure.read import parse_structure
from training.__main__ import main
from training.config import read_preset
from training.export.write import export_ensemble
from training.own.pipeline import OwnEnsemble, own_run
from training.stages import RECOMMENDED

pytestmark = pytest.mark.timeout(900)

PRESET = """base = "own-heads"
[schedules.own]
epochs = 20
t_max = 20
[heads]
number = 2
hidden = [8, 6]
"""


@pytest.fixture(scope="module")
def folder(table, recommended_run, tmp_path_factory) -> Path:
    """The folder of `recommended` and of `mine`, trained from it."""
    ensembles: Path = tmp_path_factory.mktemp("ensembles")
    export_ensemble(RECOMMENDED, recommended_run, ensembles, ensembles / "no report.json")
    (ensembles / "quick.toml").write_text(PRESET)
    status = main(
        [
            *("train", "--data", str(table), "--name", "mine"),
            *("--preset", str(ensembles / "quick.toml"), "--run", str(ensembles / "run")),
            *("--out", str(ensembles), "--workers", "1", "--data-dir", str(ensembles / "none")),
        ]
    )
    assert status == 0
    return ensembles


@pytest.fixture(scope="module")
def mine(folder) -> Ensemble:
    return Ensemble.load(folder / "mine")


def test_its_networks_are_those_of_recommended(folder):
    start, own = ((folder / name / WEIGHTS).read_bytes() for name in (RECOMMENDED, "mine"))
    assert own == start


def test_its_process_has_the_lengths_of_recommended_and_references_of_its_own(folder):
    start, own = (Process.load(folder / name / PROCESS, 2) for name in (RECOMMENDED, "mine"))
    for name in (
        "center",
        "scale",
        "curves",
        "rate",
        "projection",
        "embedding_center",
        "amplitude",
    ):
        np.testing.assert_allclose(getattr(own, name), getattr(start, name), rtol=1e-6)
    assert own.n_references == own.points.shape[1] == 30
    assert not own.methods.any()


def test_it_answers_by_the_labels_it_was_fitted_to(mine, table):
    crystals = [
        Crystal.of(parse_structure((table.parent / f"{n}.cif").read_text())) for n in range(8)
    ]
    answers = mine.predict(crystals)
    known = {reference.material_id: reference.ltc for reference in mine.references}
    errors = [np.log10(each.ltc.mean / known[f"{n}.cif"]) for n, each in enumerate(answers)]
    spread = np.std(np.log10([*known.values()]))
    assert np.sqrt(np.mean(np.square(errors))) < 0.7 * spread
    assert all(each.domain.in_training_data for each in answers)
    assert mine.manifest.methods == {}
    assert {record.best_epoch for record in mine.manifest.members} == {None}


def test_a_member_knows_no_formula_that_is_held_out_from_it(folder, mine):
    process = Process.load(folder / "mine" / PROCESS, 2)
    formulas = np.array([reference.formula for reference in mine.references])
    for coefficients in process.coefficients:
        assert set(formulas[coefficients == 0]).isdisjoint(formulas[coefficients != 0])
        assert (coefficients == 0).any()


def test_a_recipe_without_heads_is_refused(folder, table, tmp_path):
    preset = read_preset("own")
    own = OwnEnsemble(table, "other", preset, tmp_path, tmp_path, folder, (1,), RECOMMENDED)
    with pytest.raises(DataError, match="own-heads"):
        own_run(own)
