"""Folders of ensembles with random weights: of networks alone, and with heads and a process."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.crystal.crystal import Crystal
from models.crystal.graph import FADING, MEGNET
from models.descriptors.describe import describe
from models.ensemble import Ensemble
from models.manifest import (
    CARD,
    HEADS,
    MANIFEST,
    PROCESS,
    WEIGHTS,
    GoldenCheck,
    Manifest,
    MemberRecord,
    ScheduleRecord,
    StageRecord,
    TransformRecord,
    file_sha256,
)
from models.network.architecture import Architecture, initial_weights
from models.network.heads import EMBEDDING, METHODS, Heads
from models.network.settings import DescriptorSettings, GraphSettings, NetworkSettings
from models.network.standardise import GRID, N_GRID, DescriptorScale
from models.network.weights import save_weights
from models.prediction.calibration import Calibration
from models.prediction.evidence import EVIDENCE, EvidenceRecord, TrainingCrystal
from models.prediction.gaussian_process import Process
from models.prediction.policy import AnswerPolicy
from models.structure.stored import StoredStructure
from tests.crystals import ROCKSALT, generated_crystals

N_MEMBERS = 3
N_ESTIMATED = 2
WIDTH = 5  # numbers of a process's point
SMALL = Architecture(mlp=(8, 6))
GOLDEN = ROCKSALT.crystal(["Na", "Cl"], 2.845)
KNOWN = (GOLDEN, *generated_crystals(7, seed=40))  # the process's references
SCHEDULE = ScheduleRecord(epochs=2, batch_size=8, learning_rate=1e-3, floor=1e-5, t_max=2)
POLICY = AnswerPolicy(
    by_structure_type={"rocksalt": "ltc_phono3py", "half_heusler": "ltc_half_heusler"},
    process_share={"ltc": 0.25, "ltc_half_heusler": 1.0},  # none of ltc_phono3py
)
CALIBRATION = Calibration(
    level=0.9,
    base=0.1,
    per_distance=0.2,
    per_disagreement=1.0,
    per_local_error=0.1,
    least=0.1,
    quantile=2.0,
    inside=0.2,
    outside=1,
)


def made_manifest(name: str, **changes: Any) -> Manifest:
    """Return the manifest of an ensemble of random networks."""
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
    settings: dict[str, Any] = {
        "description": "random weights",
        "created": "2026-11-22",
        "protocol": "held-out",
        "preset": "smoke",
        "seed": 42,
        "split": "published",
        "graph": GraphSettings.of(MEGNET),
        "network": NetworkSettings(mlp=SMALL.mlp),
        "answers": AnswerPolicy(),
        "methods": {},
        "stages": (
            StageRecord(name=name, dataset="mix", start="random weights", schedule=SCHEDULE),
        ),
        "members": tuple(members),
        "elements": ("Cl", "Na"),
        "training_data": (),
        "metrics": (),
        "golden": GoldenCheck(
            cell=StoredStructure.of(GOLDEN), members=(1.0,) * N_MEMBERS, tolerance=1e-3
        ),
        "versions": {"tensorflow": "2.21"},
        "files": {},
    }
    return Manifest(name=name, **settings | changes)


def random_member(seed: int, architecture: Architecture = SMALL) -> dict[str, NDArray[np.float32]]:
    """Return random weights of a size at which crystals differ in their answers."""
    rng = np.random.default_rng(seed)
    weights = initial_weights(architecture, seed)
    embedding = rng.normal(0, 0.5, weights["embedding"].shape).astype(np.float32)
    last = 3 * weights["mlp.2.kernel"]
    return weights | {"embedding": embedding, "mlp.2.kernel": last}


def random_scale(descriptors: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Return what maps descriptors like these [n, n_descriptors]: random curves that rise."""
    rng = np.random.default_rng(10)
    rises = rng.uniform(0.0, 2.0, (descriptors.shape[1], N_GRID))
    curves = GRID[0] + (GRID[1] - GRID[0]) * rises.cumsum(axis=1)
    return {
        "center": descriptors.mean(axis=0),
        "scale": descriptors.std(axis=0) + np.float32(0.1),
        "curves": curves.astype(np.float32),
    }


def random_heads(descriptors: NDArray[np.float32], hidden: tuple[int, int] = (5, 4)) -> Heads:
    """Return random heads, two of each member, on descriptors like these [n, n_descriptors]."""
    rng = np.random.default_rng(11)
    n_inputs = descriptors.shape[1] + EMBEDDING + len(METHODS)

    def normal(*shape: int) -> NDArray[np.float32]:
        values: NDArray[np.float64] = rng.normal(size=shape) * shape[-2] ** -0.5
        return values.astype(np.float32)

    first, second = hidden
    each = (N_MEMBERS, 2)
    return Heads(
        **random_scale(descriptors),
        embedding_center=normal(N_MEMBERS, EMBEDDING),
        embedding_scale=np.exp(normal(N_MEMBERS, EMBEDDING)),
        kernel_0=normal(*each, n_inputs, first),
        bias_0=normal(*each, first),
        kernel_1=normal(*each, first, second),
        bias_1=normal(*each, second),
        kernel_2=normal(*each, second, 1),
        bias_2=normal(*each, 1),
        mean=np.linspace(0.8, 1.2, N_MEMBERS, dtype=np.float32),
        std=np.linspace(0.3, 0.5, N_MEMBERS, dtype=np.float32),
    )


def random_process(descriptors: NDArray[np.float32]) -> Process:
    """Return a process with random values whose references have these descriptors.

    It knows `N_ESTIMATED` crystals beside them.
    """
    rng = np.random.default_rng(12)
    n_references, n_descriptors = descriptors.shape
    n_inputs, scale = n_descriptors + EMBEDDING, random_scale(descriptors)
    methods = np.zeros((len(METHODS), n_references), np.float32)
    methods[0, :3], methods[1, 3:5] = 1, 1
    seen = np.ones((N_MEMBERS, n_references), np.float32)
    seen[0, 1] = 0  # held out from the first member

    def normal(*shape: int) -> NDArray[np.float32]:
        return rng.normal(size=shape).astype(np.float32)

    def positive(*shape: int) -> NDArray[np.float32]:
        return rng.uniform(0.3, 1.0, shape).astype(np.float32)

    mapped = DescriptorScale(**scale)(descriptors)
    places = np.broadcast_to(mapped, (N_MEMBERS, *descriptors.shape))
    inputs = np.concatenate([places, normal(N_MEMBERS, n_references, EMBEDDING)], axis=2)
    projection = normal(N_MEMBERS, n_inputs, WIDTH) * np.float32(0.4 * n_inputs**-0.5)
    estimated = normal(N_MEMBERS, N_ESTIMATED, WIDTH) * np.float32(0.4)
    coefficients = [normal(N_MEMBERS, n_references) * seen, normal(N_MEMBERS, N_ESTIMATED)]
    return Process(
        **scale,
        embedding_center=normal(N_MEMBERS, EMBEDDING),
        embedding_scale=positive(N_MEMBERS, EMBEDDING),
        rate=positive(N_MEMBERS, n_inputs),
        projection=projection,
        points=np.concatenate([inputs @ projection, estimated], axis=1),
        amplitude=positive(N_MEMBERS),
        slope=positive(N_MEMBERS),
        mean=positive(N_MEMBERS),
        linear=normal(N_MEMBERS, n_inputs) * np.float32(0.05),
        methods=methods,
        own_amplitude=positive(N_MEMBERS, len(METHODS)),
        own_offset=positive(N_MEMBERS, len(METHODS)),
        own_rate=positive(N_MEMBERS, len(METHODS)),
        own_known=mapped[:5],
        coefficients=np.concatenate(coefficients, axis=1) * np.float32(0.3),
        errors=positive(N_MEMBERS, n_references) * seen,
    )


def write_networks(directory: Path) -> None:
    """Write an ensemble of networks alone, named after its folder."""
    save_weights([random_member(seed) for seed in range(N_MEMBERS)], directory / WEIGHTS)
    _finish(directory, (WEIGHTS,))


def write_heads(directory: Path) -> None:
    """Write an ensemble whose heads and process answer, with evidence."""
    crystals = [Crystal.of(structure) for structure in KNOWN]
    network = NetworkSettings(mlp=SMALL.mlp, descriptors=DescriptorSettings.current())
    weights = [random_member(seed, network.architecture()) for seed in range(N_MEMBERS)]
    save_weights(weights, directory / WEIGHTS)
    descriptors = np.stack([describe(crystal) for crystal in crystals])
    random_heads(descriptors).save(directory / HEADS)
    random_process(descriptors).save(directory / PROCESS)
    references = tuple(reference_of(crystal, row) for row, crystal in enumerate(crystals))
    types = tuple(sorted({crystal.structure_type for crystal in crystals}))
    record = EvidenceRecord(calibration=CALIBRATION, structure_types=types, references=references)
    (directory / EVIDENCE).write_text(record.model_dump_json())
    elements = tuple(sorted({symbol for crystal in crystals for symbol in crystal.symbols}))
    changes = {"graph": GraphSettings.of(FADING), "network": network, "answers": POLICY}
    _finish(directory, (WEIGHTS, HEADS, PROCESS, EVIDENCE), elements=elements, **changes)


def reference_of(crystal: Crystal, number: int) -> TrainingCrystal:
    """Return a crystal as a reference of a made-up LTC."""
    return TrainingCrystal(
        material_id=f"mp-{number}",
        formula=crystal.formula,
        dataset="dataset1",
        ltc=1.0 + number,
        out_of_fold=None,
        prototype=crystal.prototype,
    )


def _finish(directory: Path, names: tuple[str, ...], **changes: Any) -> None:
    """Write card and manifest, whose golden answers are the ensemble's own."""
    (directory / CARD).write_text("# Random weights\n")
    files = {name: file_sha256(directory / name) for name in (CARD, *names)}
    manifest = made_manifest(directory.name, files=files, **changes)
    (directory / MANIFEST).write_text(manifest.model_dump_json())
    members = Ensemble.load(directory).ltc([Crystal.of(GOLDEN)])[0].tolist()
    change_manifest(directory, lambda record: record["golden"].update(members=members))


def change_manifest(directory: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the manifest in a folder."""
    record = json.loads((directory / MANIFEST).read_text())
    change(record)
    (directory / MANIFEST).write_text(json.dumps(record))


def change_arrays(directory: Path, name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change a file of arrays, and its checksum with it, so that only its own checks are left."""
    arrays = load_file(directory / name)
    change(arrays)
    save_file(arrays, directory / name)
    renew_checksum(directory, name)


def renew_checksum(directory: Path, name: str) -> None:
    """Give the manifest the checksum that a file has now."""
    checksum = file_sha256(directory / name)
    change_manifest(directory, lambda record: record["files"].update({name: checksum}))
