"""The recommended ensemble on crystals whose conductivity was measured in a laboratory."""

from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Structure

from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.prediction.result import Prediction
from tests.crystals import CAESIUM_CHLORIDE, FLUORITE, PEROVSKITE
from tests.models.measured import MEASURED

FOLDER = Path(__file__).parents[2] / "models" / "ensembles" / "recommended"
FLUORITE_LTC = 9.643  # W/(m K), of CaF2 below; measured: 9.7


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return Ensemble.load(FOLDER)


def predict(ensemble: Ensemble, structures: list[Structure]) -> list[Prediction]:
    return ensemble.predict([Crystal.of(structure) for structure in structures])


@pytest.fixture(scope="module")
def answers(ensemble) -> list[Prediction]:
    return predict(ensemble, [crystal.structure for crystal in MEASURED])


def test_one_crystals_answer_is_pinned(ensemble):
    (found,) = predict(ensemble, [FLUORITE.crystal(["Ca", "F"], 2.365)])
    assert found.ltc.mean == pytest.approx(FLUORITE_LTC, rel=0.01)


def test_its_verdict_was_measured_to_predict_the_error(ensemble):
    (values,) = [m.values for m in ensemble.manifest.metrics if "coverage" in m.values]
    assert values["median_ape_outside"] > 1.5 * values["median_ape_inside"]
    assert values["half_width"] < values["global_half_width"]


def test_most_measured_values_lie_in_the_interval(answers):
    covered = [
        answer.ltc.interval.lower <= crystal.ltc <= answer.ltc.interval.upper
        for crystal, answer in zip(MEASURED, answers, strict=True)
        if answer.ltc.interval
    ]
    assert len(covered) == len(MEASURED)
    assert np.mean(covered) >= 0.8


def test_measured_values_are_ranked(answers):
    predicted = np.log([answer.ltc.mean for answer in answers])
    measured = np.log([crystal.ltc for crystal in MEASURED])
    assert np.corrcoef(predicted, measured)[0, 1] > 0.9
    assert np.abs(predicted - measured).mean() < np.log(2)


def test_crystals_it_was_trained_on_are_inside_and_others_far_from_it_are_not(ensemble, answers):
    strange = [
        CAESIUM_CHLORIDE.crystal(["Pu", "Xe"], 4.9),
        PEROVSKITE.crystal(["Xe", "H", "Pu"], 3.4),
    ]
    verdicts = [answer.domain.verdict for answer in answers if answer.domain]
    assert verdicts.count("inside") > 0.8 * len(MEASURED)
    for answer in predict(ensemble, strange):
        assert answer.domain is not None
        assert answer.domain.verdict == "outside"
        assert answer.domain.reasons


def test_a_second_opinion_comes_with_every_answer(answers):
    opinions = [answer.second_opinion for answer in answers if answer.second_opinion]
    assert len(opinions) == len(MEASURED)
    slack = np.log([opinion.slack.ltc for opinion in opinions])
    measured = np.log([crystal.ltc for crystal in MEASURED])
    assert np.corrcoef(slack, measured)[0, 1] > 0.79  # it ranks well, its values are rough
    for opinion, answer in zip(opinions, answers, strict=True):
        assert 0.1 < opinion.minimum.ltc < 3
        assert not answer.warnings
