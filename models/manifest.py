"""What an ensemble on disk says of itself: everything needed to trust and to load it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from models.crystal.neighbors import CUTOFF
from models.descriptors.describe import NAMES
from models.errors import DamagedEnsemble
from models.network.architecture import FARTHEST_GAUSSIAN, GAUSSIAN_WIDTH, N_GAUSSIANS, Architecture
from models.network.transform import TargetTransform
from models.prediction.evidence import EVIDENCE
from models.records import Record
from models.structure.stored import StoredStructure

MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
PROCESS = "process.safetensors"
CARD = "README.md"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class GraphSettings(Record):
    """How a structure becomes a crystal graph."""

    cutoff: float = Field(description="Longest bond [A]")
    gaussians: int = Field(description="Number of Gaussians a distance is expanded in")
    gaussian_width: float = Field(description="Their width [A]")
    farthest_gaussian: float = Field(description="Center of the last one [A]; the first is at 0")

    @classmethod
    def current(cls) -> Self:
        """Return the settings that this code is written for."""
        return cls(
            cutoff=CUTOFF,
            gaussians=N_GAUSSIANS,
            gaussian_width=GAUSSIAN_WIDTH,
            farthest_gaussian=FARTHEST_GAUSSIAN,
        )


class NetworkSettings(Record):
    """What differs between networks; the rest is MEGNet's."""

    mlp: tuple[int, ...] = Field(description="Hidden layers of the MLP on MEGNet's embedding")
    outputs: tuple[str, ...] = Field(
        default=("ltc",), description="What the outputs stand for; the first is served"
    )
    descriptors: bool = Field(default=False, description="Whether descriptors join the embedding")

    def architecture(self) -> Architecture:
        """Return the architecture these settings describe."""
        return Architecture(self.mlp, len(self.outputs), len(NAMES) if self.descriptors else 0)


class TransformRecord(Record):
    """Mean and population standard deviation of log10(value + offset) over the training rows."""

    mean: float
    std: float = Field(gt=0)
    offset: float = Field(1.0, ge=0, description="In the unit of the value; W/(m K) of an LTC")

    def transform(self) -> TargetTransform:
        """Return the transform itself."""
        return TargetTransform(self.mean, self.std, self.offset)


class MemberRecord(Record):
    """One member: its split and how its training went."""

    split: int = Field(description="Seed of its split, 1 to 9")
    transforms: tuple[TransformRecord, ...] = Field(
        min_length=1, description="One for each output of the network"
    )
    epochs: int = Field(description="Epochs of its last stage")
    best_epoch: int = Field(description="The epoch whose weights were kept, counted from 0")
    n_fitted: int = Field(description="Crystals fitted in its last stage")
    n_validation: int = Field(description="Crystals of its split kept for validation")
    errors: Mapping[str, float] = Field(description="Errors on its validation crystals")


class StageRecord(Record):
    """One stage of training behind the ensemble, first to last."""

    name: str
    dataset: str
    start: str
    schedule: Mapping[str, bool | float | Mapping[str, float]]


class DataRecord(Record):
    """A file of training data."""

    dataset: str
    file_name: str
    sha256: Sha256
    n_crystals: int


class Metrics(Record):
    """Errors on one data set under one protocol, and how they were taken."""

    dataset: str
    protocol: Literal["paper", "honest"]
    what: str
    n_crystals: int
    values: Mapping[str, float]
    deviations: Mapping[str, float] = Field(
        default={}, description="Sample standard deviation over the splits, where taken per split"
    )


class GoldenCheck(Record):
    """A crystal and what each member said of it when the ensemble was made, LTC in W/(m K)."""

    cell: StoredStructure
    members: tuple[float, ...]
    tolerance: float = Field(description="Largest relative difference allowed")


class Manifest(Record):
    """Everything an ensemble is, apart from its weights."""

    schema_version: Literal[2] = 2
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    description: str
    created: str = Field(description="Date, YYYY-MM-DD")
    protocol: Literal["paper", "honest"] = Field(description="How the members were trained")
    preset: str
    seed: int
    unit: Literal["W/(m K)"] = "W/(m K)"
    temperature: float = Field(300.0, description="K")
    graph: GraphSettings
    network: NetworkSettings
    stages: tuple[StageRecord, ...] = Field(min_length=1)
    members: tuple[MemberRecord, ...] = Field(min_length=1)
    elements: tuple[str, ...] = Field(description="Elements in the crystals trained on")
    training_data: tuple[DataRecord, ...]
    metrics: tuple[Metrics, ...]
    golden: GoldenCheck
    versions: Mapping[str, str]
    files: Mapping[str, Sha256]

    @property
    def has_process(self) -> bool:
        """Whether a Gaussian process answers together with the network."""
        return PROCESS in self.files

    @property
    def has_evidence(self) -> bool:
        """Whether references and calibrations come with it."""
        return EVIDENCE in self.files

    def transforms(self) -> list[tuple[TargetTransform, ...]]:
        """Return the transforms of all outputs, by member."""
        return [tuple(record.transform() for record in m.transforms) for m in self.members]

    @model_validator(mode="after")
    def _each_output_has_a_transform(self) -> Self:
        if any(len(member.transforms) != len(self.network.outputs) for member in self.members):
            raise ValueError("a member's transforms and network.outputs differ in number")
        return self

    @model_validator(mode="after")
    def _golden_has_all_members(self) -> Self:
        if len(self.golden.members) != len(self.members):
            raise ValueError("golden.members and members differ in number")
        return self


def read_manifest(directory: Path) -> Manifest:
    """Return the manifest of the ensemble in `directory`, after checking every file it names.

    Raises DamagedEnsemble, saying where, when a file is missing or differs from its checksum, when
    the manifest has unknown or missing fields, or is made for another graph than this code's.
    """
    path = directory / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DamagedEnsemble(f"{path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise DamagedEnsemble(f"{path} is not a manifest: {error}") from error
    if manifest.name != directory.name:
        raise DamagedEnsemble(f"{path} is the manifest of {manifest.name}, not {directory.name}.")
    if manifest.graph != GraphSettings.current():
        raise DamagedEnsemble(f"{path} is made for graphs of {manifest.graph}, which differ.")
    if WEIGHTS not in manifest.files:
        raise DamagedEnsemble(
            f"{path} has no checksum of {WEIGHTS}; restore the ensemble's folder."
        )
    for name, sha256 in manifest.files.items():
        _check_file(directory / name, sha256)
    return manifest


def _check_file(path: Path, sha256: str) -> None:
    if not path.is_file():
        raise DamagedEnsemble(f"{path} is missing; restore the ensemble's folder.")
    found = file_sha256(path)
    if found != sha256:
        raise DamagedEnsemble(f"{path} has sha256 {found}, its manifest says {sha256}.")


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def manifest_digest(directory: Path) -> str:
    """Return the ensemble's digest: the sha256 of its manifest, which holds its files' own."""
    return f"sha256:{file_sha256(directory / MANIFEST)}"
