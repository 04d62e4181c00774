import pytest

from models.errors import DataError
from training.stages import MEGNET, RANDOM, STAGES, stage_chain

DATASETS = {"dataset1", "dataset2", "mix", "aflow"}


def test_there_are_the_papers_eleven_ensembles():
    assert set(STAGES) == {
        *(f"{dataset}-stage{number}" for dataset in DATASETS for number in (1, 2)),
        *(f"{dataset}-stage3" for dataset in DATASETS - {"aflow"}),
    }
    assert {stage.name.partition("-")[0] == stage.dataset for stage in STAGES.values()} == {True}


def test_each_stage_starts_as_published():
    starts = {name: stage.start for name, stage in STAGES.items()}
    assert {start for name, start in starts.items() if name.endswith("1")} == {RANDOM}
    assert {start for name, start in starts.items() if name.endswith("2")} == {MEGNET}
    assert {start for name, start in starts.items() if name.endswith("3")} == {"aflow-stage2"}


@pytest.mark.parametrize("name", ["mix-stage1", "aflow-stage2"])
def test_the_first_stages_need_no_other(name):
    assert [stage.name for stage in stage_chain(name)] == [name]
    assert STAGES[name].parent is None


def test_the_third_stage_comes_after_its_parent():
    assert [stage.name for stage in stage_chain("mix-stage3")] == ["aflow-stage2", "mix-stage3"]


def test_an_unknown_ensemble_raises_with_the_known_ones():
    with pytest.raises(DataError, match=r"mix-stage4; choose one of .*mix-stage3"):
        stage_chain("mix-stage4")
