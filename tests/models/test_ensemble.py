"""An ensemble on disk and in memory: its answers, and how it refuses anything that was changed."""

import hashlib
import json
import shutil
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Structure
from safetensors.numpy import load_file, save_file

import models.prediction.members
from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.errors import DamagedEnsemble
from models.manifest import (
    CARD,
    MANIFEST,
    WEIGHTS,
    GoldenCheck,
    GraphSettings,
    Manifest,
    MemberRecord,
    NetworkSettings,
    StageRecord,
    TransformRecord,
    file_sha256,
    read_manifest,
)
from models.network.architecture import Architecture, initial_weights
from models.network.weights import load_weights, save_weights
from models.prediction.evidence import EVIDENCE
from models.prediction.members import network_input
from models.structure.stored import StoredStructure
from tests.crystals import ROCKSALT, equivalent_cells, generated_crystals

NAME = "mix-stage3"
N_MEMBERS = 3
SMALL = Architecture(mlp=(8, 6))
GOLDEN = ROCKSALT.crystal(["Na", "Cl"], 2.845)
SAME_ANSWER = 1e-4  # relative


def manifest(files: dict[str, str], golden: tuple[float, ...]) -> Manifest:
    members = [
        MemberRecord(
            split=split,
            transforms=(TransformRecord(mean=1.1 + split / 50, std=0.5 + split / 20),),
            epochs=2,
            best_epoch=1,
            n_fitted=8,
            n_validation=2,
            errors={"mape": 0.4},
        )
        for split in range(1, N_MEMBERS + 1)
    ]
    return Manifest(
        name=NAME,
        description="random weights",
        created="2026-11-22",
        protocol="honest",
        preset="smoke",
        seed=42,
        graph=GraphSettings.current(),
        network=NetworkSettings(mlp=SMALL.mlp),
        stages=(StageRecord(name=NAME, dataset="mix", start="random weights", schedule={}),),
        members=tuple(members),
        elements=("Cl", "Na"),
        training_data=(),
        metrics=(),
        golden=GoldenCheck(
            cell=StoredStructure.of(GOLDEN),
            members=golden,
            tolerance=1e-3,
        ),
        versions={"tensorflow": "2.21"},
        files=files,
    )


def random_member(seed: int) -> dict[str, np.ndarray]:
    """Return random weights of a size at which crystals differ in their answers."""
    rng = np.random.default_rng(seed)
    weights = initial_weights(SMALL, seed)
    embedding = rng.normal(0, 0.5, weights["embedding"].shape).astype(np.float32)
    last = 3 * weights["mlp.2.kernel"]
    return weights | {"embedding": embedding, "mlp.2.kernel": last}


def write_manifest(directory: Path, golden: tuple[float, ...]) -> None:
    files = {name: file_sha256(directory / name) for name in (CARD, WEIGHTS)}
    (directory / MANIFEST).write_text(manifest(files, golden).model_dump_json())


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ensemble whose golden answers are its own."""
    directory = tmp_path_factory.mktemp("ensembles") / NAME
    directory.mkdir()
    (directory / CARD).write_text("# Random weights\n")
    save_weights([random_member(seed) for seed in range(N_MEMBERS)], directory / WEIGHTS)
    write_manifest(directory, (1.0,) * N_MEMBERS)
    golden = Ensemble.load(directory).ltc([Crystal.of(GOLDEN)])[0]
    write_manifest(directory, tuple(golden.tolist()))
    return directory


@pytest.fixture(scope="module")
def ensemble(intact) -> Ensemble:
    return Ensemble.load(intact)


@pytest.fixture
def copy(intact: Path, tmp_path: Path) -> Path:
    """A copy of the intact ensemble, to be damaged."""
    return shutil.copytree(intact, tmp_path / NAME)


def ltc(ensemble: Ensemble, structures: list[Structure]) -> np.ndarray:
    return ensemble.ltc([Crystal.of(structure) for structure in structures])


def test_evidence_that_the_manifest_does_not_list_is_not_taken(copy):
    (copy / EVIDENCE).write_text("not even JSON")
    assert Ensemble.load(copy).references == ()


# --- Answers -----------------------------------------------------------------------------------


def test_list_in_list_out(ensemble):
    found = ltc(ensemble, generated_crystals(7, seed=5))
    assert found.shape == (7, N_MEMBERS)
    assert found.dtype == np.float64
    assert (found >= 0.01).all()
    assert len(np.unique(found.round(6))) > N_MEMBERS


def test_one_graph_is_a_list_of_one(ensemble):
    assert ltc(ensemble, [GOLDEN]).shape == (1, N_MEMBERS)


def test_no_graphs_give_no_answers(ensemble):
    assert ensemble.ltc([]).shape == (0, N_MEMBERS)


@pytest.mark.parametrize("crystal", generated_crystals(6, seed=6))
def test_every_cell_of_a_crystal_gives_one_answer(ensemble, crystal):
    cells = equivalent_cells(crystal)
    expected = ltc(ensemble, [crystal])[0]
    for name, found in zip(cells, ltc(ensemble, list(cells.values())), strict=True):
        assert found == pytest.approx(expected, rel=SAME_ANSWER), name


@pytest.mark.parametrize("max_bonds", [1, 200, 10_000])
def test_a_crystals_answer_does_not_depend_on_its_batch(ensemble, monkeypatch, max_bonds):
    crystals = generated_crystals(12, seed=7)
    alone = np.concatenate([ltc(ensemble, [crystal]) for crystal in crystals])
    monkeypatch.setattr(models.prediction.members, "MAX_BONDS", max_bonds)
    assert ltc(ensemble, crystals) == pytest.approx(alone, rel=SAME_ANSWER)
    assert ltc(ensemble, crystals[::-1]) == pytest.approx(alone[::-1], rel=SAME_ANSWER)


def test_a_forward_pass_takes_a_limited_number_of_crystals(monkeypatch):
    graphs = [
        network_input(Crystal.of(crystal), described=False)
        for crystal in generated_crystals(5, seed=7)
    ]
    monkeypatch.setattr(models.prediction.members, "MAX_CRYSTALS", 2)
    groups = list(models.prediction.members._groups(graphs))
    assert [len(group) for group in groups] == [2, 2, 1]
    assert all(a is b for a, b in zip(chain(*groups), graphs, strict=True))


def test_answers_follow_each_members_own_transform(intact, ensemble, tmp_path):
    changed = shutil.copytree(intact, tmp_path / NAME)
    record = json.loads((changed / MANIFEST).read_text())
    record["members"][1]["transforms"] = [{"mean": 3.0, "std": 0.1}]
    (changed / MANIFEST).write_text(json.dumps(record))
    before, after = (ltc(e, [GOLDEN])[0] for e in (ensemble, Ensemble.load(changed)))
    assert after[[0, 2]] == pytest.approx(before[[0, 2]])
    target = (np.log10(before[1] + 1) - 1.14) / 0.6
    assert after[1] == pytest.approx(10 ** (target * 0.1 + 3) - 1, rel=1e-5)


def test_the_digest_is_that_of_the_manifest(ensemble, intact):
    content = (intact / MANIFEST).read_bytes()
    assert ensemble.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert ensemble.name == NAME


def test_the_golden_check_passes(ensemble):
    ensemble.check_golden()


# --- Damage ------------------------------------------------------------------------------------


def change_weights(directory: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the weights, and the checksum with them, so that only their own checks are left."""
    weights = load_file(directory / WEIGHTS)
    change(weights)
    save_file(weights, directory / WEIGHTS)
    change_manifest(
        directory, lambda m: m["files"].update({WEIGHTS: file_sha256(directory / WEIGHTS)})
    )


def change_manifest(directory: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    record = json.loads((directory / MANIFEST).read_text())
    change(record)
    (directory / MANIFEST).write_text(json.dumps(record))


def with_nan(weights: dict[str, Any]) -> None:
    weights["readout.0.kernel"][1, 3, 3] = np.nan


DAMAGED_WEIGHTS = {
    "missing": (lambda w: w.pop("mlp.1.bias"), r"weight mlp\.1\.bias is missing"),
    "unknown": (lambda w: w.update(extra=w["embedding"]), "weight extra is unknown"),
    "shape": (
        lambda w: w.update({"mlp.0.kernel": w["mlp.0.kernel"][:, :, :-1].copy()}),
        r"weight mlp\.0\.kernel has shape \(3, 16, 7\), expected \(3, 16, 8\)",
    ),
    "a member fewer": (
        lambda w: w.update({name: value[:2].copy() for name, value in w.items()}),
        r"weight embedding has shape \(2, 95, 16\), expected \(3, 95, 16\)",
    ),
    "type": (
        lambda w: w.update(embedding=w["embedding"].astype(np.float64)),
        "weight embedding has type float64, expected float32",
    ),
    "not a number": (with_nan, r"weight readout\.0\.kernel holds values that are not finite"),
}


@pytest.mark.parametrize("damage", DAMAGED_WEIGHTS)
def test_damaged_weights_are_named(copy, damage):
    change, message = DAMAGED_WEIGHTS[damage]
    change_weights(copy, change)
    with pytest.raises(DamagedEnsemble, match=message) as caught:
        Ensemble.load(copy)
    assert str(copy / WEIGHTS) in str(caught.value)


DAMAGED_MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "unknown field": (lambda m: m.update(colour="red"), "colour"),
    "unknown field of a member": (lambda m: m["members"][1].update(colour="red"), r"members\.1"),
    "missing field": (lambda m: m.pop("seed"), "seed"),
    "wrong type": (lambda m: m["members"][2].update(split="first"), r"members\.2\.split"),
    "no spread": (lambda m: m["members"][0]["transforms"][0].update(std=0), r"transforms\.0\.std"),
    "later version": (lambda m: m.update(schema_version=3), "schema_version"),
    "other unit": (lambda m: m.update(unit="mW/(m K)"), "unit"),
    "other name": (lambda m: m.update(name="mix-stage1"), "manifest of mix-stage1, not mix-st"),
    "other graph": (lambda m: m["graph"].update(cutoff=5.0), "cutoff=5.0"),
    "golden of fewer members": (lambda m: m["golden"]["members"].pop(), r"golden\.members"),
    "fewer members": (lambda m: m["members"].pop(), r"golden\.members"),
    "no members": (lambda m: m.update(members=[]), "members"),
    "other network": (lambda m: m["network"].update(mlp=[8, 7]), r"mlp\.1\.kernel"),
    "other checksum": (
        lambda m: m["files"].update({CARD: "0" * 64}),
        r"README\.md has sha256 [0-9a-f]{64}, its manifest says 0000",
    ),
    "no checksum": (lambda m: m["files"].update({CARD: "none"}), r"files\.`README\.md`"),
    "missing file": (lambda m: m["files"].update({"more.txt": "0" * 64}), r"more\.txt is missing"),
}


@pytest.mark.parametrize("damage", DAMAGED_MANIFESTS)
def test_a_damaged_manifest_is_refused_with_the_place(copy, damage):
    change, message = DAMAGED_MANIFESTS[damage]
    change_manifest(copy, change)
    with pytest.raises(DamagedEnsemble, match=message) as caught:
        Ensemble.load(copy)
    assert str(copy) in str(caught.value)


def test_a_changed_byte_of_the_weights_is_refused(copy):
    content = bytearray((copy / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (copy / WEIGHTS).write_bytes(content)
    with pytest.raises(DamagedEnsemble, match=r"weights\.safetensors has sha256"):
        Ensemble.load(copy)


def test_weights_the_manifest_does_not_vouch_for_are_refused(copy):
    change_manifest(copy, lambda m: m["files"].pop(WEIGHTS))
    with pytest.raises(DamagedEnsemble, match=r"weights\.safetensors"):
        Ensemble.load(copy)


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS, CARD])
def test_a_missing_file_is_named(copy, name):
    (copy / name).unlink()
    with pytest.raises(DamagedEnsemble, match=name.replace(".", r"\.")):
        Ensemble.load(copy)


def test_a_manifest_that_is_not_json_is_refused(copy):
    (copy / MANIFEST).write_text("{")
    with pytest.raises(DamagedEnsemble, match="is not a manifest"):
        read_manifest(copy)


def test_weights_that_are_no_safetensors_are_refused(copy):
    (copy / WEIGHTS).write_bytes(b"pickle")
    with pytest.raises(DamagedEnsemble, match="cannot be read"):
        load_weights(copy / WEIGHTS, SMALL, N_MEMBERS)


def test_a_renamed_folder_is_refused(copy):
    renamed = copy.rename(copy.with_name("aflow-stage2"))
    with pytest.raises(DamagedEnsemble, match="manifest of mix-stage3, not aflow-stage2"):
        Ensemble.load(renamed)


def test_a_golden_answer_that_differs_is_refused(copy):
    change_manifest(
        copy, lambda m: m["golden"]["members"].__setitem__(1, 1.01 * m["golden"]["members"][1])
    )
    with pytest.raises(DamagedEnsemble, match=r"mix-stage3 predicts [\s\S]* golden crystal"):
        Ensemble.load(copy).check_golden()


def test_saved_weights_are_read_back(tmp_path):
    members = [random_member(seed) for seed in range(N_MEMBERS)]
    save_weights(members, tmp_path / WEIGHTS)
    stacked = load_weights(tmp_path / WEIGHTS, SMALL, N_MEMBERS)
    for number, member in enumerate(members):
        assert all((stacked[name][number] == value).all() for name, value in member.items())
