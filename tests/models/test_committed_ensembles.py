"""The ensembles in the repository: they load, answer as they did when made, and say so in words."""

from pathlib import Path

import pytest

from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.manifest import CARD
from models.prediction.evidence import EVIDENCE, EvidenceRecord
from training.export.card import model_card

FOLDER = Path(__file__).parents[2] / "models" / "ensembles"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@pytest.fixture(scope="module", params=NAMES)
def ensemble(request) -> Ensemble:
    return Ensemble.load(FOLDER / request.param)


def test_it_has_nine_members_and_answers_as_when_it_was_made(ensemble):
    assert len(ensemble.manifest.members) == 9
    ensemble.check_golden()


def test_its_card_is_that_of_its_manifest(ensemble):
    folder = FOLDER / ensemble.name
    evidence = EvidenceRecord.model_validate_json((folder / EVIDENCE).read_bytes())
    assert (folder / CARD).read_text() == model_card(ensemble.manifest, evidence)


def test_its_interval_was_measured_to_cover_what_it_says(ensemble):
    measured = [m.values for m in ensemble.manifest.metrics if "coverage" in m.values]
    assert measured
    for values in measured:
        assert 0.87 <= values["coverage"] <= 0.93
        assert values["median_ape_outside"] > 1.2 * values["median_ape_inside"]


def test_its_golden_crystal_is_known_as_one_it_was_trained_on(ensemble):
    structure = ensemble.manifest.golden.cell.structure()
    (prediction,) = ensemble.predict([Crystal.of(structure)])
    domain, interval = prediction.domain, prediction.ltc.interval
    assert domain is not None
    assert interval is not None
    assert domain.in_training_data
    assert domain.verdict == "inside"
    assert interval.lower < prediction.ltc.mean < interval.upper
