"""Evidence of an ensemble, kept beside its weights.

The references that an answer shows, each crystal's embedding in every member, and the calibration
on out-of-fold errors.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load_file

from models.errors import DamagedEnsemble
from models.prediction.result import Reference, Verdict
from models.records import Record

EVIDENCE = "evidence.json"
EMBEDDINGS = "evidence.safetensors"

Numbers = NDArray[np.float64]


class TrainingCrystal(Reference):
    """A reference with the fingerprint of its crystal."""

    fingerprint: str


class Calibration(Record):
    """Calibration of the expected error of log10(LTC) on out-of-fold errors.

    The expected error is `base + per_distance * distance + per_disagreement * disagreement`, and at
    least `least`, the error of the easiest crystals in testing.
    A share `level` of the errors is below `quantile` times that. Crystals with an expected error
    up to `inside` are inside the domain, above `outside` outside. `usual_distance` and
    `usual_disagreement` are those that most crystals in testing did not exceed.
    """

    level: float = Field(gt=0, lt=1)
    base: float = Field(gt=0)
    per_distance: float = Field(ge=0)
    per_disagreement: float = Field(ge=0)
    least: float = Field(default=0.0, ge=0)
    quantile: float = Field(gt=0)
    inside: float = Field(gt=0)
    outside: float = Field(gt=0)
    usual_distance: float = Field(ge=0)
    usual_disagreement: float = Field(ge=0)

    def expected(self, distance: float, disagreement: float) -> float:
        """Return the error of log10(LTC) that is expected."""
        linear = self.base + self.per_distance * distance + self.per_disagreement * disagreement
        return max(linear, self.least)

    def half_width(self, expected: float) -> float:
        """Return the half width of the interval in log10(LTC) where this error is expected."""
        return self.quantile * expected

    def zone(self, expected: float) -> Verdict:
        """Return where a crystal lies of which this error is expected."""
        if expected <= self.inside:
            return "inside"
        return "edge" if expected <= self.outside else "outside"


class EvidenceRecord(Record):
    """The evidence as it is on disk, but for the embeddings."""

    calibration: Calibration
    references: tuple[TrainingCrystal, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Evidence:
    """References and their embeddings [n_references, n_members, width], scaled by `scale`.

    `scale` [n_members, width] is the embeddings' standard deviation over the references.
    """

    calibration: Calibration
    references: tuple[TrainingCrystal, ...]
    embeddings: NDArray[np.float32]
    scale: NDArray[np.float32]

    def distances(self, embedding: NDArray[np.float32]) -> Numbers:
        """Return the distances [n_references] of a crystal with this embedding [n_members, width].

        A distance is the root mean square difference of a member's embeddings, in standard
        deviations, as the mean over the members.
        """
        differences = embedding / self.scale - self.embeddings
        squares = np.einsum("rmw,rmw->rm", differences, differences) / differences.shape[2]
        distances: Numbers = np.sqrt(squares).mean(axis=1, dtype=float)
        return distances

    @cached_property
    def rows(self) -> Mapping[str, Sequence[int]]:
        """The references' rows by fingerprint."""
        rows: dict[str, list[int]] = {}
        for row, reference in enumerate(self.references):
            rows.setdefault(reference.fingerprint, []).append(row)
        return rows


def load_evidence(directory: Path, n_members: int) -> Evidence:
    """Return the evidence of the ensemble in `directory`.

    Raises DamagedEnsemble when its two files do not fit each other or the ensemble.
    """
    path = directory / EVIDENCE
    try:
        record = EvidenceRecord.model_validate_json(path.read_bytes())
        arrays = load_file(directory / EMBEDDINGS)
        embeddings, scale = arrays["embeddings"], arrays["scale"]
    except (ValidationError, OSError, SafetensorError, KeyError) as error:
        raise DamagedEnsemble(f"{path} or {EMBEDDINGS} cannot be read: {error}") from error
    if embeddings.shape[:2] != (len(record.references), n_members):
        raise DamagedEnsemble(
            f"{path} has {len(record.references)} references, the ensemble {n_members} members, "
            f"but {EMBEDDINGS} is of shape {embeddings.shape}."
        )
    if scale.shape != embeddings.shape[1:] or not _finite(embeddings) or not _finite(scale):
        raise DamagedEnsemble(f"{EMBEDDINGS} beside {path} has a number missing or not finite.")
    return Evidence(record.calibration, record.references, embeddings, scale)


def _finite(array: NDArray[np.float32]) -> bool:
    return array.dtype == np.float32 and bool(np.isfinite(array).all())
