import json

import pytest

from models.errors import DataError
from training.config import HELD_OUT, PRESETS, as_dict, preset_of, read_preset
from training.data.catalogue import known_outputs
from training.stages import stage_chain

SCHEDULE = "epochs = 2\nbatch_size = 8\nlearning_rate = 1e-3\nfloor = 1e-5\nt_max = 2\n"
SETTINGS = 'protocol = "held-out"\nseed = 1\n'


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a preset and returns its path."""

    def write_text(text: str) -> str:
        path = tmp_path / "own.toml"
        path.write_text(text)
        return str(path)

    return write_text


def test_every_preset_is_read():
    names = sorted(path.stem for path in PRESETS.glob("*.toml"))
    assert [read_preset(name).name for name in names] == names


@pytest.mark.parametrize(
    ("preset", "ensemble"),
    [
        *((preset, "mix-stage3") for preset in ("fast", "paper", "smoke")),
        *(("paper", f"dataset{number}-stage{stage}") for number in (1, 2) for stage in (1, 2, 3)),
        ("recommended", "recommended"),
    ],
)
def test_presets_have_a_schedule_for_each_stage(preset, ensemble):
    for stage in stage_chain(ensemble):
        schedule = read_preset(preset).schedule(stage.name, stage.dataset)
        assert schedule.epochs > 0
        assert 0 < schedule.floor < schedule.learning_rate


def test_recommended_weighs_only_outputs_it_has():
    preset = read_preset("recommended")
    weighed = {name for schedule in preset.schedules.values() for name in schedule.weights}
    assert preset.outputs[0] == "ltc"
    assert weighed == set(preset.outputs) <= set(known_outputs())


def test_the_paper_preset_is_the_published_recipe():
    preset = read_preset("paper")
    assert (preset.protocol, preset.seed) == ("paper", 42)
    assert preset.mlp == (450, 350, 350)
    for name in ("dataset1", "dataset2", "mix", "aflow"):
        schedule = preset.schedule(f"{name}-stage1", name)
        assert (schedule.epochs, schedule.batch_size, schedule.t_max) == (300, 8, 1000)
        assert (schedule.learning_rate, schedule.floor) == (1e-3, 1e-5)
        additions = (schedule.warmup_epochs, schedule.average, schedule.clip)
        assert (*additions, schedule.inner_fraction) == (0, 0, 0, 0)
        assert schedule.inner_fraction == 0


def test_a_preset_is_read_from_its_path_and_named_after_it(write):
    preset = read_preset(write(f"{SETTINGS}[schedules.mix]\n{SCHEDULE}"))
    assert preset.name == "own"
    assert preset.schedule("mix-stage3", "mix").epochs == 2


def test_a_preset_is_its_base_but_for_what_it_names(write):
    base = as_dict(read_preset("paper"))
    changed = as_dict(
        read_preset(write('base = "paper"\nseed = 7\n[schedules.aflow]\nepochs = 3\n'))
    )
    assert changed.pop("seed") == 7
    assert changed["schedules"]["aflow"].pop("epochs") == 3
    for name in ("seed", "name"):
        base.pop(name)
    changed.pop("name")
    base["schedules"]["aflow"].pop("epochs")
    assert changed == base


def test_an_unknown_base_raises(write):
    with pytest.raises(DataError, match="No preset nowhere"):
        read_preset(write('base = "nowhere"\n'))


def test_a_stages_own_schedule_goes_before_its_data_sets(write):
    longer = SCHEDULE.replace("epochs = 2", "epochs = 9")
    text = f"{SETTINGS}[schedules.mix]\n{SCHEDULE}[schedules.mix-stage3]\n{longer}"
    preset = read_preset(write(text))
    assert preset.schedule("mix-stage3", "mix").epochs == 9
    assert preset.schedule("mix-stage1", "mix").epochs == 2


def test_a_stage_without_a_schedule_raises(write):
    preset = read_preset(write(f"{SETTINGS}[schedules.mix]\n{SCHEDULE}"))
    with pytest.raises(DataError, match="own has no schedule for aflow-stage2 or aflow"):
        preset.schedule("aflow-stage2", "aflow")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"colour = 1\n{SETTINGS}[schedules.mix]\n{SCHEDULE}", "colour"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}colour = 1\n", "colour"),
        (f"seed = 1\n[schedules.mix]\n{SCHEDULE}", "protocol"),
        (f'{SETTINGS}[schedules.mix]\n{SCHEDULE.replace("= 8", "= true")}clip = "no"\n', "clip"),
        (f"{SETTINGS.replace('held-out', 'quick')}[schedules.mix]\n{SCHEDULE}", "protocol"),
        (f"{SETTINGS}schedules = 3\n", "schedules"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE.replace('= 8', '= 0')}", "batch_size"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}weights = {{ colour = 1.0 }}\n", "weighs colour"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}[gaussian_process]\nshare = 2.0\n", "share"),
        (f"{SETTINGS}seed\n", "line 3"),
    ],
    ids=[
        *("unknown", "unknown in schedule", "missing", "mistyped", "unknown protocol"),
        *("no table", "no batch", "no output", "no share", "no TOML"),
    ],
)
def test_a_wrong_setting_raises_with_its_place(write, text, place):
    path = write(text)
    with pytest.raises(DataError, match=place) as caught:
        read_preset(path)
    assert path in str(caught.value)


@pytest.mark.parametrize("name", ["slow", "missing.toml"])
def test_an_unknown_preset_raises_with_the_known_ones(name):
    with pytest.raises(DataError, match=f"No preset {name}: give one of .*fast, own, paper.*smoke"):
        read_preset(name)


def test_a_preset_comes_back_from_its_json():
    preset = read_preset("recommended")
    assert preset_of(json.dumps(as_dict(preset))) == preset


def test_the_held_out_protocol_has_one_name(write):
    preset = read_preset(write(f"{SETTINGS}[schedules.mix]\n{SCHEDULE}"))
    assert preset.protocol == HELD_OUT


def test_a_preset_is_written_as_plain_values():
    written = json.loads(json.dumps(as_dict(read_preset("smoke"))))
    assert written["schedules"]["mix"]["average"] == 0.9
    assert written["mlp"] == [12, 8]
