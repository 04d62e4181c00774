"""Manifest of an ensemble: everything that decides an answer."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from models.descriptors.describe import NAMES, VERSION
from models.errors import DamagedEnsemble
from models.network.inputs import InputSettings
from models.network.settings import DescriptorSettings, GraphSettings, NetworkSettings
from models.network.transform import TargetTransform
from models.prediction.evidence import EVIDENCE
from models.prediction.gaussian_process import OUTPUTS
from models.prediction.policy import LTC, AnswerPolicy
from models.prediction.result import Method
from models.records import Record
from models.structure.stored import StoredStructure

MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
HEADS = "heads.safetensors"
PROCESS = "process.safetensors"
CARD = "README.md"

Protocol = Literal["paper", "held-out"]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


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
    best_epoch: int | None = Field(
        default=None,
        description="The epoch whose weights were kept, counted from 0; null where the network is "
        "that of the ensemble it starts from",
    )
    n_fitted: int = Field(description="Crystals fitted in its last stage")
    n_validation: int = Field(description="Crystals of its split kept for validation")
    errors: Mapping[str, float] = Field(description="Errors on its validation crystals")


class ScheduleRecord(Record):
    """Length and steps of one training; see `training.config.Schedule`."""

    epochs: int
    batch_size: int
    learning_rate: float
    floor: float
    t_max: int
    warmup_epochs: int = 0
    average: float = 0.0
    clip: float = 0.0
    inner_fraction: float = 0.0
    heads: bool = False
    gaussian_process: bool = False
    weights: Mapping[str, float] = Field(
        default={}, description="Weight of each output in the loss"
    )


class StageRecord(Record):
    """One stage of training behind the ensemble, first to last."""

    name: str
    dataset: str
    start: str
    schedule: ScheduleRecord


class DataRecord(Record):
    """A file of training data."""

    dataset: str
    file_name: str
    sha256: Sha256
    n_crystals: int


class Metrics(Record):
    """Errors on one data set under one protocol, and how they were taken."""

    dataset: str
    protocol: Protocol
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
    tolerance: float = Field(gt=0, le=0.01, description="Largest relative difference allowed")


class Manifest(Record):
    """Everything an ensemble is, apart from its weights."""

    schema_version: Literal[3] = 3
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    description: str
    created: str = Field(description="Date, YYYY-MM-DD")
    protocol: Protocol = Field(description="How the members were trained")
    preset: str
    seed: int
    split: Literal["published", "grouped"] = Field(
        description="Kind of split: the paper's permutations, or folds grouped by formula"
    )
    unit: Literal["W/(m K)"] = "W/(m K)"
    temperature: float = Field(300.0, description="K")
    graph: GraphSettings
    network: NetworkSettings
    answers: AnswerPolicy
    methods: Mapping[str, Method] = Field(
        description="Method that each output that answers is trained on"
    )
    stages: tuple[StageRecord, ...] = Field(min_length=1)
    members: tuple[MemberRecord, ...] = Field(min_length=1)
    elements: tuple[str, ...] = Field(description="Elements in the crystals trained on")
    training_data: tuple[DataRecord, ...]
    metrics: tuple[Metrics, ...]
    golden: GoldenCheck
    versions: Mapping[str, str]
    files: Mapping[str, Sha256]

    def method(self, structure_type: str) -> Method | None:
        """Return the method that a crystal of this structure type is answered by, if stated."""
        return self.methods.get(self.answers.output(structure_type))

    @property
    def has_heads(self) -> bool:
        """Whether heads answer in place of the network's own outputs."""
        return HEADS in self.files

    @property
    def has_process(self) -> bool:
        """Whether a Gaussian process answers together with the heads."""
        return PROCESS in self.files

    @property
    def has_evidence(self) -> bool:
        """Whether references and calibrations come with it."""
        return EVIDENCE in self.files

    def transforms(self) -> list[tuple[TargetTransform, ...]]:
        """Return the transforms of all outputs, by member."""
        return [tuple(record.transform() for record in m.transforms) for m in self.members]

    def inputs(self) -> InputSettings:
        """Return the network's inputs."""
        return InputSettings(self.graph.limits(), self.network.descriptors is not None)

    @model_validator(mode="after")
    def _each_output_has_a_transform(self) -> Self:
        if any(len(member.transforms) != len(self.network.outputs) for member in self.members):
            raise ValueError("a member's transforms and network.outputs differ in number")
        return self

    @model_validator(mode="after")
    def _heads_come_with_a_process(self) -> Self:
        if self.has_heads != self.has_process:
            raise ValueError("heads and Gaussian processes come together or not at all")
        if self.has_heads and not self.network.descriptors:
            raise ValueError("network.descriptors is missing; heads and Gaussian processes need it")
        return self

    @model_validator(mode="after")
    def _answers_name_outputs(self) -> Self:
        self.answers.check(OUTPUTS if self.has_heads else (LTC, *self.network.outputs))
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
    _check_code(path, manifest)
    if WEIGHTS not in manifest.files:
        raise DamagedEnsemble(
            f"{path} has no checksum of {WEIGHTS}; restore the ensemble's folder."
        )
    for name, sha256 in manifest.files.items():
        _check_file(directory / name, sha256)
    return manifest


def _check_code(path: Path, manifest: Manifest) -> None:
    """Raise DamagedEnsemble where this code computes other inputs than the ensemble's."""
    if manifest.graph != GraphSettings.of(manifest.graph.limits()):
        raise DamagedEnsemble(f"{path} is made for graphs of {manifest.graph}, which differ.")
    found = manifest.network.descriptors
    if found and found != DescriptorSettings.current():
        raise DamagedEnsemble(
            f"{path} is made for version {found.version} of {len(found.names)} descriptors, this "
            f"code computes version {VERSION} of {len(NAMES)}; use the release it came with."
        )


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
