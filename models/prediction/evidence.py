"""Evidence of an ensemble, kept beside its weights.

The references that an answer shows, the calibration on out-of-fold errors and, where no Gaussian
process measures distances, each reference's embedding in every member.
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
from models.prediction.calibration import Calibration
from models.prediction.result import PhononEstimate, Reference
from models.records import Record

EVIDENCE = "evidence.json"
EMBEDDINGS = "evidence.safetensors"

Numbers = NDArray[np.float64]


class TrainingCrystal(Reference):
    """A reference with the identity of its crystal."""

    formula: str = Field(description="As pymatgen orders it")
    prototype: str = Field(description="Structure type and occupied sites, whatever the lengths")
    volume: float | None = Field(
        default=None, gt=0, description="Of an atom, in A^3; null where it was not kept"
    )


class EstimatedCrystal(PhononEstimate):
    """An estimate with the identity of its crystal."""

    formula: str = Field(description="As pymatgen orders it")
    prototype: str = Field(description="Structure type and occupied sites, whatever the lengths")


class EvidenceRecord(Record):
    """The evidence as it is on disk, but for the embeddings."""

    calibration: Calibration
    structure_types: tuple[str, ...] = Field(min_length=1, description="Those of the references")
    references: tuple[TrainingCrystal, ...] = Field(min_length=1)
    estimates: tuple[EstimatedCrystal, ...] = ()


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of the references [n_references, n_members, width], divided by `scale`.

    `scale` [n_members, width] is the embeddings' standard deviation over the references.
    """

    values: NDArray[np.float32]
    scale: NDArray[np.float32]

    def distances(self, embedding: NDArray[np.float32]) -> Numbers:
        """Return the distances [n_references] of a crystal with this embedding [n_members, width].

        A distance is the root mean square difference of a member's embeddings, in standard
        deviations, as the mean over the members.
        """
        differences = embedding / self.scale - self.values
        squares = np.einsum("rmw,rmw->rm", differences, differences) / differences.shape[2]
        distances: Numbers = np.sqrt(squares).mean(axis=1, dtype=float)
        return distances


@dataclass(frozen=True)
class Evidence:
    """Calibration and references of an ensemble; `embeddings` where they measure distances.

    `structure_types`: those of the references. `estimates`: what else was learned from.
    """

    calibration: Calibration
    structure_types: tuple[str, ...]
    references: tuple[TrainingCrystal, ...]
    embeddings: Embeddings | None
    estimates: tuple[EstimatedCrystal, ...] = ()

    @cached_property
    def rows(self) -> Mapping[tuple[str, str], Sequence[int]]:
        """The references' rows by formula and prototype."""
        rows: dict[tuple[str, str], list[int]] = {}
        for row, reference in enumerate(self.references):
            rows.setdefault((reference.formula, reference.prototype), []).append(row)
        return rows

    @cached_property
    def estimated(self) -> Mapping[tuple[str, str], Sequence[EstimatedCrystal]]:
        """The estimates by formula and prototype."""
        estimated: dict[tuple[str, str], list[EstimatedCrystal]] = {}
        for estimate in self.estimates:
            estimated.setdefault((estimate.formula, estimate.prototype), []).append(estimate)
        return estimated


def load_evidence(directory: Path, n_members: int, *, embedded: bool) -> Evidence:
    """Return the evidence of the ensemble in `directory`; `embedded`: with embeddings.

    Raises DamagedEnsemble when its files do not fit each other or the ensemble.
    """
    path = directory / EVIDENCE
    try:
        record = EvidenceRecord.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise DamagedEnsemble(f"{path} cannot be read: {error}") from error
    n_references = len(record.references)
    embeddings = _load_embeddings(directory, (n_references, n_members)) if embedded else None
    return Evidence(
        record.calibration,
        record.structure_types,
        record.references,
        embeddings,
        record.estimates,
    )


def _load_embeddings(directory: Path, size: tuple[int, int]) -> Embeddings:
    path = directory / EMBEDDINGS
    try:
        arrays = load_file(path)
        values, scale = arrays["embeddings"], arrays["scale"]
    except (OSError, SafetensorError, KeyError) as error:
        raise DamagedEnsemble(f"{path} cannot be read: {error}") from error
    if values.shape[:2] != size:
        raise DamagedEnsemble(
            f"{path} is of shape {values.shape}, but there are {size[0]} references and {size[1]} "
            "members."
        )
    if scale.shape != values.shape[1:] or not _finite(values) or not _finite(scale):
        raise DamagedEnsemble(f"{path} has a number missing or not finite.")
    return Embeddings(values, scale)


def _finite(array: NDArray[np.float32]) -> bool:
    return array.dtype == np.float32 and bool(np.isfinite(array).all())
