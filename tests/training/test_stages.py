import pytest

from models.errors import DataError
from training.config import read_preset
from training.run import TrainingRun, require_data
from training.stages import MEGNET, OTHER_RANDOM, RANDOM, STAGES, Stage, stage_chain

DATASETS = {"dataset1", "dataset2", "mix", "aflow"}


def paper_stages() -> dict[str, Stage]:
    return {name: stage for name, stage in STAGES.items() if stage.dataset in DATASETS}


def test_the_papers_eleven_ensembles_are_there():
    assert set(paper_stages()) == {
        *(f"{dataset}-stage{number}" for dataset in DATASETS for number in (1, 2)),
        *(f"{dataset}-stage3" for dataset in DATASETS - {"aflow"}),
    }
    assert all(name.partition("-")[0] == stage.dataset for name, stage in paper_stages().items())


def test_each_stage_starts_as_published():
    starts = {name: stage.start for name, stage in paper_stages().items()}
    assert {start for name, start in starts.items() if name.endswith("1")} == {RANDOM}
    assert {start for name, start in starts.items() if name.endswith("2")} == {MEGNET}
    assert {start for name, start in starts.items() if name.endswith("3")} == {"aflow-stage2"}


@pytest.mark.parametrize("name", STAGES)
def test_every_chain_begins_without_a_parent_and_ends_in_its_ensemble(name):
    chain = stage_chain(name)
    assert [stage.parent for stage in chain] == [None, *(stage.name for stage in chain[:-1])]
    assert chain[-1] is STAGES[name]
    assert STAGES[name].name == name


@pytest.mark.parametrize("name", ["mix-stage1", "aflow-stage2"])
def test_the_first_stages_need_no_other(name):
    assert [stage.name for stage in stage_chain(name)] == [name]
    assert STAGES[name].parent is None


def test_the_third_stage_comes_after_its_parent():
    assert [stage.name for stage in stage_chain("mix-stage3")] == ["aflow-stage2", "mix-stage3"]


def test_an_unknown_ensemble_raises_with_the_known_ones():
    with pytest.raises(DataError, match=r"mix-stage4; choose one of .*mix-stage3"):
        stage_chain("mix-stage4")


def test_without_pretrained_weights_stage_2_and_what_follows_start_at_random():
    chain = stage_chain("mix-stage3", pretrained=False)
    assert [stage.start for stage in chain] == [OTHER_RANDOM, "aflow-stage2"]
    assert stage_chain("mix-stage1", pretrained=False) == stage_chain("mix-stage1")
    assert STAGES["aflow-stage2"].start == MEGNET


def test_the_published_code_needs_no_pretrained_weights_and_draws_other_numbers(tmp_path):
    run = TrainingRun(read_preset("published-code"), tmp_path, tmp_path)
    stages = [run.stage(f"mix-stage{number}") for number in (1, 2, 3)]
    seeds = {run.member_seed(stage, split) for stage in stages[:2] for split in run.splits}
    assert len(seeds) == 18
    with pytest.raises(DataError) as error:
        require_data(["mix-stage3"], run)
    assert "formation_energy" not in str(error.value)
    paper = TrainingRun(read_preset("paper"), tmp_path, tmp_path)
    assert {paper.member_seed(paper.stage(stage.name), 1) for stage in stages} == {42001}
