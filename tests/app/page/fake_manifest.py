"""A manifest of the real form with made-up content."""

from typing import Literal

from models.manifest import (
    CellRecord,
    DataRecord,
    GoldenCheck,
    GraphSettings,
    Manifest,
    MemberRecord,
    Metrics,
    NetworkSettings,
    StageRecord,
    TransformRecord,
)


def fake_manifest(name: str) -> Manifest:
    """Return the manifest of an ensemble of two members."""
    return Manifest(
        name=name,
        description="Made up for tests of the page",
        created="2026-01-01",
        protocol="honest",
        preset="smoke",
        seed=42,
        graph=GraphSettings.current(),
        network=NetworkSettings(mlp=(450, 350, 350)),
        stages=(StageRecord(name="stage1", dataset="mix", start="random", schedule={"epochs": 3}),),
        members=tuple(_member(split) for split in (1, 2)),
        elements=("Na", "Cl"),
        training_data=(
            DataRecord(dataset="mix", file_name="mix.jsonl.gz", sha256="0" * 64, n_crystals=238),
        ),
        metrics=(
            _metrics("honest", "mean of the members", 0.318),
            _metrics("paper", "members by the published procedure", 0.215),
        ),
        golden=GoldenCheck(
            cell=CellRecord(
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


def _member(split: int) -> MemberRecord:
    return MemberRecord(
        split=split,
        transform=TransformRecord(mean=1.0, std=0.5),
        epochs=3,
        best_epoch=2,
        n_fitted=171,
        n_validation=19,
        errors={"mape": 0.4},
    )


def _metrics(protocol: Literal["honest", "paper"], what: str, mape: float) -> Metrics:
    return Metrics(
        dataset="dataset1",
        protocol=protocol,
        what=what,
        n_crystals=95,
        values={"mape": mape, "mae_log10": 0.2},
        deviations={"mape": 0.05},
    )
