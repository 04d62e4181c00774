"""A manifest of the real form with made-up content."""

from collections.abc import Mapping

from models.crystal.graph import MEGNET
from models.manifest import (
    DataRecord,
    GoldenCheck,
    Manifest,
    MemberRecord,
    Metrics,
    ScheduleRecord,
    StageRecord,
    TransformRecord,
)
from models.network.settings import GraphSettings, NetworkSettings
from models.prediction.policy import AnswerPolicy
from models.structure.stored import StoredStructure

HELD_OUT = Metrics(
    dataset="dataset1",
    protocol="held-out",
    what="mean of the members",
    n_crystals=95,
    values={"mape": 0.318, "mae_log10": 0.2, "failures": 0.0},
    deviations={"mape": 0.05},
)
SCHEDULE = ScheduleRecord(epochs=3, batch_size=8, learning_rate=1e-3, floor=1e-5, t_max=3)


def fake_manifest(name: str, *more: Metrics) -> Manifest:
    """Return the manifest of an ensemble of two members; `more` metrics than the held-out ones."""
    return Manifest(
        name=name,
        description="Made up for tests of the page",
        created="2026-01-01",
        protocol="held-out",
        preset="smoke",
        seed=42,
        split="published",
        graph=GraphSettings.of(MEGNET),
        network=NetworkSettings(mlp=(450, 350, 350)),
        answers=AnswerPolicy(),
        methods={},
        stages=(StageRecord(name="stage1", dataset="mix", start="random", schedule=SCHEDULE),),
        members=tuple(_member(split) for split in (1, 2)),
        elements=("Na", "Cl"),
        training_data=(
            DataRecord(dataset="mix", file_name="mix.jsonl.gz", sha256="0" * 64, n_crystals=238),
        ),
        metrics=(HELD_OUT, *more),
        golden=GoldenCheck(
            cell=StoredStructure(
                lattice=((3.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 3.0)),
                species=("Na",),
                frac_coords=((0.0, 0.0, 0.0),),
            ),
            members=(1.0, 2.0),
            tolerance=1e-3,
        ),
        versions={"tensorflow": "2.21.0"},
        files={"weights.safetensors": "0" * 64},
    )


def fake_table1() -> tuple[Metrics, ...]:
    """Return two cells of the paper's table, one of them measured."""
    return (
        _cell("dataset1", {"mape": 0.29, "published_mape": 0.34}, {"mape": 0.06}),
        _cell("aflow", {"published_mape": 0.48}, {}),
    )


def fake_coverage() -> Metrics:
    """Return how often an interval held, overall and by verdict, structure type and LTC."""
    return Metrics(
        dataset="mix",
        protocol="held-out",
        what="90 % interval and verdict",
        n_crystals=200,
        values={
            "coverage": 0.905,
            "half_width": 0.301,
            "global_half_width": 0.4,
            "share_inside": 0.75,
            "coverage_inside": 0.92,
            "median_ape_inside": 0.161,
            "share_outside": 0.1,
            "coverage_outside": 0.4,
            "coverage_type_rocksalt": 0.889,
            "coverage_ltc_10_100": 1.0,
            "coverage_ltc_1_10": 0.875,
            "coverage_dataset_phonix": 0.9,
            "rank_of_spread": 0.512,
        },
    )


def _member(split: int) -> MemberRecord:
    return MemberRecord(
        split=split,
        transforms=(TransformRecord(mean=1.0, std=0.5),),
        epochs=3,
        best_epoch=2,
        n_fitted=171,
        n_validation=19,
        errors={"mape": 0.4},
    )


def _cell(dataset: str, values: Mapping[str, float], deviations: Mapping[str, float]) -> Metrics:
    return Metrics(
        dataset=dataset,
        protocol="paper",
        what="members by the published procedure",
        n_crystals=95,
        values=values,
        deviations={**deviations, "published_mape": 0.1},
    )
