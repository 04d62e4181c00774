"""How an ensemble on disk refuses whatever was changed, and the schema of its manifest."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from models.ensemble import Ensemble
from models.errors import DamagedEnsemble
from models.manifest import CARD, HEADS, MANIFEST, PROCESS, WEIGHTS, read_manifest
from models.network.weights import load_weights, save_weights
from models.prediction.evidence import EVIDENCE
from models.schema import schema_text
from tests.models.made_ensemble import (
    N_MEMBERS,
    SMALL,
    change_arrays,
    change_manifest,
    random_member,
    renew_checksum,
)

ROOT = Path(__file__).parents[2]
Change = Callable[[dict[str, Any]], Any]


def first_axis(name: str, size: int) -> Change:
    """Return a change that leaves an array `size` rows."""
    return lambda arrays: arrays.update({name: arrays[name][:size].copy()})


def with_nan(name: str) -> Change:
    def change(arrays: dict[str, Any]) -> None:
        arrays[name].flat[-1] = np.nan

    return change


DAMAGED_WEIGHTS: dict[str, tuple[Change, str]] = {
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
    "not a number": (
        with_nan("readout.0.kernel"),
        r"weight readout\.0\.kernel holds values that are not finite",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED_WEIGHTS)
def test_damaged_weights_are_named(copy, damage):
    change, message = DAMAGED_WEIGHTS[damage]
    change_arrays(copy, WEIGHTS, change)
    with pytest.raises(DamagedEnsemble, match=message) as caught:
        Ensemble.load(copy)
    assert str(copy / WEIGHTS) in str(caught.value)


DAMAGED_PARTS: dict[str, tuple[str, Change, str]] = {
    "a head's array missing": (HEADS, lambda a: a.pop("bias_1"), "bias_1"),
    "a head's array unknown": (HEADS, lambda a: a.update(extra=a["mean"]), "extra"),
    "heads of fewer members": (HEADS, first_axis("mean", 2), r"mean is not \(3,\)"),
    "heads without a method": (
        HEADS,
        lambda a: a.update(kernel_0=a["kernel_0"][:, :, :-1].copy()),
        "kernel_0 is not",
    ),
    "a head's bias of other axes": (HEADS, lambda a: a.update(bias_0=a["mean"]), "cannot be read"),
    "heads with a hole": (HEADS, with_nan("kernel_1"), "kernel_1 is not"),
    "heads for fewer descriptors": (
        HEADS,
        lambda a: a.update(
            center=a["center"][:-1].copy(),
            scale=a["scale"][:-1].copy(),
            curves=a["curves"][:-1].copy(),
            kernel_0=a["kernel_0"][:, :, :-1].copy(),
        ),
        "is not for",
    ),
    "curves of fewer points": (
        HEADS,
        lambda a: a.update(curves=a["curves"][:, :-1].copy()),
        "curves is not",
    ),
    "heads of an earlier release": (
        HEADS,
        lambda a: a.pop("curves"),
        r"missing arrays \['curves'\], unknown \[\]",
    ),
    "a process of an earlier release": (
        PROCESS,
        lambda a: a.update(known=a.pop("points")),
        r"another release: missing arrays \['points'\], unknown \['known'\]",
    ),
    "a projection to fewer numbers": (
        PROCESS,
        lambda a: a.update(projection=a["projection"][..., :-1].copy()),
        "projection is not",
    ),
    "a process's array missing": (PROCESS, lambda a: a.pop("rate"), "rate"),
    "a process of fewer members": (PROCESS, first_axis("coefficients", 2), "coefficients is not"),
    "a process of a method fewer": (PROCESS, first_axis("methods", 1), "methods is not"),
    "a process in double precision": (
        PROCESS,
        lambda a: a.update(mean=a["mean"].astype(np.float64)),
        "mean is not",
    ),
    "a process with a hole": (PROCESS, with_nan("points"), "points is not"),
    "a process of other axes": (PROCESS, lambda a: a.update(points=a["mean"]), "cannot be read"),
    "a process of fewer references": (
        PROCESS,
        lambda a: a.update(
            points=a["points"][:, :-1].copy(),
            methods=a["methods"][:, :-1].copy(),
            coefficients=a["coefficients"][:, :-1].copy(),
            errors=a["errors"][:, :-1].copy(),
        ),
        "has 7 references, the evidence 8",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED_PARTS)
def test_damaged_heads_and_processes_are_named(head_copy, damage):
    name, change, message = DAMAGED_PARTS[damage]
    change_arrays(head_copy, name, change)
    with pytest.raises(DamagedEnsemble, match=message) as caught:
        Ensemble.load(head_copy)
    assert str(head_copy / name) in str(caught.value)


DAMAGED_MANIFESTS: dict[str, tuple[Change, str]] = {
    "unknown field": (lambda m: m.update(colour="red"), "colour"),
    "unknown field of a member": (lambda m: m["members"][1].update(colour="red"), r"members\.1"),
    "missing field": (lambda m: m.pop("seed"), "seed"),
    "no answers": (lambda m: m.pop("answers"), "answers"),
    "wrong type": (lambda m: m["members"][2].update(split="first"), r"members\.2\.split"),
    "no spread": (lambda m: m["members"][0]["transforms"][0].update(std=0), r"transforms\.0\.std"),
    "no epochs": (lambda m: m["stages"][0]["schedule"].pop("epochs"), r"stages\.0\.schedule"),
    "earlier version": (lambda m: m.update(schema_version=2), "schema_version"),
    "later version": (lambda m: m.update(schema_version=4), "schema_version"),
    "other protocol": (lambda m: m.update(protocol="honest"), "protocol"),
    "other split": (lambda m: m.update(split="random"), "split"),
    "other unit": (lambda m: m.update(unit="mW/(m K)"), "unit"),
    "other name": (lambda m: m.update(name="mix-stage1"), "manifest of mix-stage1, not mix-st"),
    "other graph": (lambda m: m["graph"].update(gaussians=50), "gaussians=50"),
    "golden of fewer members": (lambda m: m["golden"]["members"].pop(), r"golden\.members"),
    "any golden answer": (lambda m: m["golden"].update(tolerance=0.5), r"golden\.tolerance"),
    "no golden answer": (lambda m: m["golden"].update(tolerance=0), r"golden\.tolerance"),
    "fewer members": (lambda m: m["members"].pop(), r"golden\.members"),
    "no members": (lambda m: m.update(members=[]), "members"),
    "a transform too many": (
        lambda m: m["members"][0]["transforms"].append({"mean": 1.0, "std": 1.0}),
        r"transforms and network\.outputs differ",
    ),
    "an answer of no output": (
        lambda m: m["answers"].update(by_structure_type={"rocksalt": "ltc_half_heusler"}),
        "no output is called ltc_half_heusler",
    ),
    "more than all": (
        lambda m: m["answers"].update(process_share={"ltc": 1.5}),
        r"answers\.process_share\.ltc",
    ),
    "other network": (lambda m: m["network"].update(mlp=[8, 7]), r"mlp\.1\.kernel"),
    "other checksum": (
        lambda m: m["files"].update({CARD: "0" * 64}),
        r"README\.md has sha256 [0-9a-f]{64}, its manifest says 0000",
    ),
    "no checksum": (lambda m: m["files"].update({CARD: "none"}), r"files\.`README\.md`"),
    "missing file": (lambda m: m["files"].update({"more.txt": "0" * 64}), r"more\.txt is missing"),
    "heads alone": (
        lambda m: m["files"].update({HEADS: "0" * 64}),
        "heads and Gaussian processes come together",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED_MANIFESTS)
def test_a_damaged_manifest_is_refused_with_the_place(copy, damage):
    change, message = DAMAGED_MANIFESTS[damage]
    change_manifest(copy, change)
    with pytest.raises(DamagedEnsemble, match=message) as caught:
        Ensemble.load(copy)
    assert str(copy) in str(caught.value)


DAMAGED_HEAD_MANIFESTS: dict[str, tuple[Change, str]] = {
    "no process": (lambda m: m["files"].pop(PROCESS), "heads and Gaussian processes come together"),
    "no heads": (lambda m: m["files"].pop(HEADS), "heads and Gaussian processes come together"),
    "no descriptors": (lambda m: m["network"].update(descriptors=None), r"network\.descriptors"),
    "other version": (
        lambda m: m["network"]["descriptors"].update(version=1),
        "made for version 1 of .* descriptors, this code computes version",
    ),
    "other descriptors": (lambda m: m["network"]["descriptors"]["names"].reverse(), "descriptors"),
    "an answer of no output": (
        lambda m: m["answers"].update(otherwise="gruneisen"),
        "no output is called gruneisen",
    ),
    "a share of no output": (
        lambda m: m["answers"].update(process_share={"ltc_agl": 0.5}),
        "no output is called ltc_agl",
    ),
}


@pytest.mark.parametrize("damage", DAMAGED_HEAD_MANIFESTS)
def test_a_damaged_manifest_with_heads_is_refused_with_the_place(head_copy, damage):
    change, message = DAMAGED_HEAD_MANIFESTS[damage]
    change_manifest(head_copy, change)
    with pytest.raises(DamagedEnsemble, match=message) as caught:
        Ensemble.load(head_copy)
    assert str(head_copy / MANIFEST) in str(caught.value)


@pytest.mark.parametrize("name", [WEIGHTS, HEADS, PROCESS, EVIDENCE])
def test_a_changed_byte_is_refused(head_copy, name):
    content = bytearray((head_copy / name).read_bytes())
    content[-1] ^= 1
    (head_copy / name).write_bytes(content)
    with pytest.raises(DamagedEnsemble, match=rf"{name} has sha256"):
        Ensemble.load(head_copy)


@pytest.mark.parametrize("name", [WEIGHTS, HEADS, PROCESS])
def test_arrays_that_are_no_safetensors_are_refused(head_copy, name):
    (head_copy / name).write_bytes(b"pickle")
    renew_checksum(head_copy, name)
    with pytest.raises(DamagedEnsemble, match=rf"{name} cannot be read"):
        Ensemble.load(head_copy)


def test_weights_without_a_checksum_are_refused(copy):
    change_manifest(copy, lambda m: m["files"].pop(WEIGHTS))
    with pytest.raises(DamagedEnsemble, match=r"weights\.safetensors"):
        Ensemble.load(copy)


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS, CARD, HEADS, PROCESS, EVIDENCE])
def test_a_missing_file_is_named(head_copy, name):
    (head_copy / name).unlink()
    with pytest.raises(DamagedEnsemble, match=name.replace(".", r"\.")):
        Ensemble.load(head_copy)


def test_a_manifest_that_is_not_json_is_refused(copy):
    (copy / MANIFEST).write_text("{")
    with pytest.raises(DamagedEnsemble, match="is not a manifest"):
        read_manifest(copy)


def test_a_renamed_folder_is_refused(copy):
    renamed = copy.rename(copy.with_name("aflow-stage2"))
    with pytest.raises(DamagedEnsemble, match="manifest of mix-stage3, not aflow-stage2"):
        Ensemble.load(renamed)


def test_saved_weights_are_read_back(tmp_path):
    members = [random_member(seed) for seed in range(N_MEMBERS)]
    save_weights(members, tmp_path / WEIGHTS)
    stacked = load_weights(tmp_path / WEIGHTS, SMALL, N_MEMBERS)
    for number, member in enumerate(members):
        assert all((stacked[name][number] == value).all() for name, value in member.items())


# --- Schema ------------------------------------------------------------------------------------


def test_the_schema_is_current():
    """`make schema` writes it."""
    assert (ROOT / "models/manifest.schema.json").read_text() == schema_text()


def test_the_schema_takes_manifests_and_refuses_others(intact, intact_heads):
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for folder in (intact, intact_heads):
        record = json.loads((folder / MANIFEST).read_text())
        jsonschema.validate(record, schema)
        record["graph"].pop("cutoff")
        with pytest.raises(jsonschema.ValidationError, match="cutoff"):
            jsonschema.validate(record, schema)
