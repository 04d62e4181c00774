import json

import pytest

from models.crystal.graph import Cutoff
from models.descriptors.describe import NAMES
from models.errors import DataError
from models.network.inputs import InputSettings
from training.config import (
    HELD_OUT,
    PRESET_FILE,
    PRESETS,
    as_dict,
    exported_preset,
    preset_of,
    read_preset,
)
from training.data.catalogue import known_outputs
from training.stages import stage_chain

SCHEDULE = "epochs = 2\nbatch_size = 8\nlearning_rate = 1e-3\nfloor = 1e-5\nt_max = 2\n"
BOTH = f"{SCHEDULE}heads = true\ngaussian_process = true\n"
ASIDE = '[split]\nkind = "grouped"\n'
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
        *((preset, "recommended") for preset in ("recommended", "smoke-recommended")),
    ],
)
def test_presets_have_a_schedule_for_each_stage(preset, ensemble):
    for stage in stage_chain(ensemble):
        schedule = read_preset(preset).schedule(stage.name, stage.dataset)
        assert schedule.epochs > 0
        assert 0 <= schedule.floor < schedule.learning_rate


def test_recommended_weighs_only_outputs_it_has():
    preset = read_preset("recommended")
    weighed = {name for schedule in preset.schedules.values() for name in schedule.weights}
    assert weighed == set(preset.outputs) <= set(known_outputs())


def test_recommended_answers_by_heads_and_process_on_its_last_stage():
    preset = read_preset("recommended")
    harmonic, last = stage_chain("recommended")
    assert not preset.has_process(harmonic.name, harmonic.dataset)
    assert preset.has_process(last.name, last.dataset)
    assert preset.schedule(last.name, last.dataset).heads
    assert preset.architecture.descriptors == len(NAMES)
    assert preset.inputs.cutoff == Cutoff(preset.bonds.fade_from, preset.bonds.cutoff)


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
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}[heads]\nhidden = [8]\n", "heads.hidden"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}[heads]\ndropout = 1.0\n", "heads.dropout"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}[bonds]\ncutoff = 0.0\n", "bonds.cutoff"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}[gaussian_process.start]\nnoise = 0\n", "noise"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}heads = true\n", "come together"),
        (f"{SETTINGS}[schedules.mix]\n{BOTH}{ASIDE}", "descriptors is false"),
        (f"{SETTINGS}descriptors = true\n[schedules.mix]\n{BOTH}", "split is not grouped"),
        (f'{SETTINGS}[schedules.mix]\n{SCHEDULE}[answers]\notherwise = "kappa"\n', "called kappa"),
        (f"{SETTINGS}[schedules.mix]\n{SCHEDULE}[answers.process_share]\nltc = 2\n", "share.ltc"),
        (f"{SETTINGS}seed\n", "line 3"),
    ],
    ids=[
        *("unknown", "unknown in schedule", "missing", "mistyped", "unknown protocol"),
        *("no table", "no batch", "no output", "unknown in section", "one layer", "all dropped"),
        *("no cutoff", "no noise", "heads alone", "no descriptors", "not grouped"),
        *("no such answer", "more than all", "no TOML"),
    ],
)
def test_a_wrong_setting_raises_with_its_place(write, text, place):
    path = write(text)
    with pytest.raises(DataError, match=place) as caught:
        read_preset(path)
    assert path in str(caught.value)


@pytest.mark.parametrize("name", ["slow", "missing.toml"])
def test_an_unknown_preset_raises_with_the_known_ones(name):
    with pytest.raises(
        DataError, match=f"No preset {name}: give one of .*fast, own, .*paper.*smoke"
    ):
        read_preset(name)


@pytest.mark.parametrize("name", ["recommended", "paper", "smoke-recommended"])
def test_a_preset_comes_back_from_its_json(name):
    preset = read_preset(name)
    assert preset_of(json.dumps(as_dict(preset))) == preset


def test_sections_are_read_into_their_settings(write):
    text = (
        f"{SETTINGS}descriptors = true\n[schedules.reference]\n{BOTH}{ASIDE}"
        "[bonds]\ncutoff = 4.5\nfade_from = 3.5\n[heads]\nnumber = 2\n"
        "[gaussian_process.start]\nnoise = 0.5\n"
        '[answers]\nby_structure_type = { rocksalt = "ltc_phono3py" }\n'
    )
    preset = read_preset(write(text))
    assert preset.inputs == InputSettings(Cutoff(3.5, 4.5), descriptors=True)
    assert (preset.heads.number, preset.heads.hidden) == (2, (256, 128))
    assert (preset.gaussian_process.start.noise, preset.gaussian_process.steps) == (0.5, 120)
    assert preset.answers.output("rocksalt") == "ltc_phono3py"
    assert preset.has_process("recommended", "reference")


def test_the_held_out_protocol_has_one_name(write):
    preset = read_preset(write(f"{SETTINGS}[schedules.mix]\n{SCHEDULE}"))
    assert preset.protocol == HELD_OUT


def test_a_preset_is_written_as_plain_values():
    written = json.loads(json.dumps(as_dict(read_preset("smoke"))))
    assert written["schedules"]["mix"]["average"] == 0.9
    assert written["mlp"] == [12, 8]


def test_the_preset_of_an_exported_ensemble():
    """From its file, or by its name in the manifest where an earlier export has no file."""
    exported = PRESETS.parents[1] / "models" / "ensembles"
    assert exported_preset(exported / "mix-stage3") == read_preset("fast")
    kept = (exported / "recommended" / PRESET_FILE).read_bytes()
    assert exported_preset(exported / "recommended") == preset_of(kept)
