"""The evidence of an ensemble, from its training: references, embeddings, calibration."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from models.manifest import Metrics
from models.prediction.calibration import interval_groups
from models.prediction.evidence import (
    EMBEDDINGS,
    EVIDENCE,
    EstimatedCrystal,
    EvidenceRecord,
    TrainingCrystal,
)
from models.prediction.members import Outputs
from training.config import HELD_OUT
from training.export.trained import TrainedEnsemble
from training.fit.frozen.estimates import rows_with_phonons
from training.fit.frozen.joined import mean_estimates
from training.scoring.calibration import ErrorSample, calibrate, nearest_distances
from training.scoring.coverage import measure_calibration
from training.scoring.groups import coverage_groups
from training.scoring.held_out import HeldOut
from training.scoring.scores import score


@dataclass(frozen=True)
class MeasuredEvidence:
    """Evidence to be kept beside the weights, and how its calibration did in testing."""

    record: EvidenceRecord
    arrays: dict[str, np.ndarray]
    metrics: tuple[Metrics, ...]


def collect_evidence(trained: TrainedEnsemble) -> MeasuredEvidence:
    """Return the evidence that the crystals of the last stage give."""
    sample = error_sample(trained, trained.outputs)
    with_phonons = _sample_with_phonons(trained, sample)
    record = EvidenceRecord(
        calibration=calibrate(sample, with_phonons),
        structure_types=tuple(sorted(set(trained.data.types))),
        references=_references(trained),
        estimates=_estimates(trained),
    )
    groups = coverage_groups(trained.data)
    calibration = Metrics(
        dataset=trained.data.dataset.name,
        protocol=HELD_OUT,
        what="90 % interval and verdict, calibrated on other crystals than measured on (5 folds)",
        n_crystals=len(sample.row),
        values=measure_calibration(trained.data.ltc, sample, groups, with_phonons),
    )
    arrays = {} if trained.process else _embeddings(trained)
    return MeasuredEvidence(record, arrays, (*_errors(trained, sample, with_phonons), calibration))


def _sample_with_phonons(trained: TrainedEnsemble, sample: ErrorSample) -> ErrorSample:
    """Return the errors as if phonons were known, for those crystals that have any."""
    outputs = trained.outputs_with_phonons
    if outputs is None:
        return sample.chosen(np.zeros(len(sample), dtype=bool))
    held = [rows_with_phonons(each, each.split.validation)[0] for each in trained.contexts]
    return error_sample(trained, outputs).chosen(np.isin(sample.row, np.concatenate(held)))


def _errors(
    trained: TrainedEnsemble, sample: ErrorSample, with_phonons: ErrorSample
) -> Iterator[Metrics]:
    """Yield the errors of crystals that have phonons, not known to the members, and known."""
    without = sample.chosen(np.isin(sample.row, with_phonons.row))
    for what, errors in (("are not", without), ("were", with_phonons)):
        if errors:
            yield Metrics(
                dataset=trained.data.dataset.name,
                protocol=HELD_OUT,
                what=f"crystals that have phonons, where these {what} known to the members",
                n_crystals=len(errors),
                values=score(trained.data.ltc[errors.row], errors.predicted),
            )


def error_sample(trained: TrainedEnsemble, outputs: Outputs) -> ErrorSample:
    """Return errors and their predictors for the crystals held out from some member."""
    data, predictions = trained.data, trained.predictions
    rows, unseen = np.flatnonzero(predictions.covered), predictions.unseen
    predicted = HeldOut(outputs.ltc.T, unseen).mean()[rows]
    disagreement = HeldOut(outputs.disagreement.T, unseen).mean()
    local_error = HeldOut(outputs.local_error.T, unseen).mean()
    groups = tuple(
        interval_groups(data.types[row], len(data.dataset.crystals[row].structure.elements), ltc)
        for row, ltc in zip(rows.tolist(), predicted.tolist(), strict=True)
    )
    return ErrorSample(
        error=np.abs(np.log10(predicted / data.ltc[rows])),
        distance=nearest_distances(predictions, _distances(trained))[rows],
        disagreement=disagreement[rows],
        local_error=local_error[rows],
        phonons_known=outputs.phonons_known[rows],
        predicted=predicted,
        row=rows,
        groups=groups,
    )


def _distances(trained: TrainedEnsemble) -> list[NDArray[np.float32]]:
    """Return the distances between all crystals, by member or of one for all."""
    if trained.outputs.distances is not None:
        return [trained.outputs.distances]
    values = _embeddings(trained)["embeddings"]
    return [_root_mean_squares(values[:, member]) for member in range(values.shape[1])]


def _embeddings(trained: TrainedEnsemble) -> dict[str, NDArray[np.float32]]:
    embeddings = trained.outputs.embeddings
    scale = embeddings.std(axis=0) + np.finfo(np.float32).eps
    return {"embeddings": np.ascontiguousarray(embeddings / scale), "scale": scale}


def _root_mean_squares(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return root mean square differences [n, n] of points [n, width]."""
    exact = points.astype(float)
    squares = (exact**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * exact @ exact.T
    distances: NDArray[np.float32] = np.sqrt(np.maximum(apart, 0) / points.shape[1]).astype(
        np.float32
    )
    return distances


def write_evidence(evidence: MeasuredEvidence, directory: Path) -> list[str]:
    """Write the evidence, and return the names of its files."""
    (directory / EVIDENCE).write_text(evidence.record.model_dump_json(indent=0) + "\n")
    if not evidence.arrays:
        return [EVIDENCE]
    save_file(evidence.arrays, directory / EMBEDDINGS)
    return [EVIDENCE, EMBEDDINGS]


def _references(trained: TrainedEnsemble) -> tuple[TrainingCrystal, ...]:
    data, means = trained.data, trained.predictions.mean()
    identities = zip(data.prototypes, data.owners(), means, strict=True)
    return tuple(
        TrainingCrystal(
            material_id=crystal.material_id,
            formula=crystal.structure.composition.reduced_formula,
            dataset=owner,
            ltc=crystal.ltc,
            out_of_fold=None if np.isnan(mean) else float(mean),
            prototype=prototype,
            volume=round(crystal.structure.volume / len(crystal.structure), 4),
        )
        for crystal, (prototype, owner, mean) in zip(data.dataset.crystals, identities, strict=True)
    )


def _estimates(trained: TrainedEnsemble) -> tuple[EstimatedCrystal, ...]:
    """Return what the processes know beside the references."""
    settings, crystals = (
        trained.run.preset.gaussian_process.estimates,
        trained.contexts[0].unlabelled,
    )
    if settings is None or not crystals.formulas:
        return ()
    identities = zip(crystals.material_ids, crystals.formulas, crystals.prototypes, strict=True)
    return tuple(
        EstimatedCrystal(
            material_id=material_id,
            formula=formula,
            dataset=settings.dataset,
            ltc=ltc,
            prototype=prototype,
        )
        for (material_id, formula, prototype), ltc in zip(
            identities, mean_estimates(trained.contexts).tolist(), strict=True
        )
    )
