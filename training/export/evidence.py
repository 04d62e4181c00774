"""The evidence of an ensemble, from its training: references, embeddings, calibration."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from models.manifest import Metrics
from models.prediction.evidence import EMBEDDINGS, EVIDENCE, EvidenceRecord, TrainingCrystal
from training.config import HELD_OUT
from training.export.trained import TrainedEnsemble
from training.scoring.calibration import calibrate, measure_calibration, unseen_errors
from training.scoring.groups import coverage_groups


@dataclass(frozen=True)
class MeasuredEvidence:
    """Evidence to be kept beside the weights, and how its calibration did in testing."""

    record: EvidenceRecord
    arrays: dict[str, np.ndarray]
    metrics: Metrics


def collect_evidence(trained: TrainedEnsemble) -> MeasuredEvidence:
    """Return the evidence that the crystals of the last stage give."""
    embeddings = trained.outputs.embeddings
    scale = embeddings.std(axis=0) + np.finfo(np.float32).eps
    scaled = np.ascontiguousarray(embeddings / scale)
    errors = unseen_errors(
        trained.data.ltc, trained.predictions, scaled, trained.outputs.disagreement
    )
    record = EvidenceRecord(calibration=calibrate(errors), references=_references(trained))
    metrics = Metrics(
        dataset=trained.data.dataset.name,
        protocol=HELD_OUT,
        what="90 % interval and verdict, calibrated on other crystals than measured on (5 folds)",
        n_crystals=len(errors.row),
        values=measure_calibration(
            trained.data.ltc, trained.predictions, errors, coverage_groups(trained.data)
        ),
    )
    return MeasuredEvidence(record, {"embeddings": scaled, "scale": scale}, metrics)


def write_evidence(evidence: MeasuredEvidence, directory: Path) -> None:
    """Write the evidence's two files."""
    (directory / EVIDENCE).write_text(evidence.record.model_dump_json(indent=0) + "\n")
    save_file(evidence.arrays, directory / EMBEDDINGS)


def _references(trained: TrainedEnsemble) -> tuple[TrainingCrystal, ...]:
    crystals, fingerprints = trained.data.dataset.crystals, trained.data.fingerprints
    means, owners = trained.predictions.mean(), trained.data.owners()
    return tuple(
        TrainingCrystal(
            material_id=crystal.material_id,
            formula=crystal.structure.composition.reduced_formula,
            dataset=owner,
            fingerprint=fingerprint,
            ltc=crystal.ltc,
            out_of_fold=None if np.isnan(mean) else float(mean),
        )
        for crystal, fingerprint, owner, mean in zip(
            crystals, fingerprints, owners, means, strict=True
        )
    )
