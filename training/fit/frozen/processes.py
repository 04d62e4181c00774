"""Gaussian processes of the members: covariance and coefficients of each."""

import logging
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.errors import DataError
from models.prediction.gaussian_process import descriptor_distances
from training.config import GaussianProcessSettings
from training.data.methods import Masks, method_masks
from training.fit.context import MemberContext
from training.fit.frozen.covariance import (
    JITTER,
    Covariance,
    Numbers,
    References,
    invert,
    student_weights,
)
from training.fit.frozen.embedding import StandardisedEmbedding
from training.fit.frozen.estimates import Estimates, MemberEstimates
from training.fit.frozen.inputs import references_of
from training.fit.frozen.lengths import fit_covariance
from training.fit.own_process import MethodReferences, OwnProcess, fit_own_process

logger = logging.getLogger(__name__)
FILE = "process.safetensors"
PHONONS_FILE = "process-phonons.safetensors"  # as if phonons of held-out references were known
COVARIANCE_FILE = "covariance.safetensors"


@dataclass(frozen=True)
class FittedProcess:
    """A process of one member.

    `coefficients`, `errors` [n]: of what it knows, the latter of log10(LTC), each predicted
    without itself; `own`: the processes of the methods.
    """

    coefficients: Numbers
    errors: Numbers
    own: tuple[OwnProcess, ...]


def train_covariance(context: MemberContext, embedding: StandardisedEmbedding) -> Covariance:
    """Return the covariance of a member: that of its start, or fitted to its training rows.

    References of a method with a process of its own are left out of the fit.
    """
    path = context.directory / COVARIANCE_FILE
    if not path.is_file():
        found = context.exported.covariance if context.exported else _fitted(context, embedding)
        _write({field.name: getattr(found, field.name) for field in fields(found)}, path)
    return read_covariance(path)


def _fitted(context: MemberContext, embedding: StandardisedEmbedding) -> Covariance:
    apart = np.flatnonzero(method_masks(context.data).any(axis=0))
    rows = np.setdiff1d(context.split.train, apart)
    references = references_of(context, embedding).chosen(rows)
    formulas = np.array(context.data.formulas())[rows]
    settings = context.preset.gaussian_process
    found = fit_covariance(references, formulas.tolist(), settings, context.seed)
    logger.info("%s: covariance fitted to %d crystals", context.title, len(rows))
    return found


def read_covariance(path: Path) -> Covariance:
    """Return the covariance in a file. Raises DataError where there is none."""
    if not path.is_file():
        raise DataError(f"{path} is missing; train the ensemble again.")
    arrays = load_file(path)
    numbers = {name: float(arrays[name].squeeze()) for name in ("slope", "amplitude", "noise")}
    return Covariance(arrays["rate"], arrays["projection"], **numbers)


def train_process(
    context: MemberContext, embedding: StandardisedEmbedding, estimates: MemberEstimates
) -> None:
    """Fit a member's process to its training rows and to estimates, and write it.

    And once more with the estimates of its held-out references, where it makes estimates.
    """
    covariance = train_covariance(context, embedding)
    rows, everything = context.split.train, references_of(context, embedding)
    references, unlabelled = everything.chosen(rows), estimates.unlabelled
    descriptors = references.inputs[:, : -len(embedding.center)]
    methods = MethodRows(method_masks(context.data)[:, rows], descriptors)
    fit = partial(_fitted_arrays, covariance, context.preset.gaussian_process)
    if len(unlabelled.noise):
        both = unlabelled.joined(estimates.held_out)
        _write(fit(Known(references, both, methods)), context.directory / PHONONS_FILE)
    arrays = {
        **fit(Known(references, unlabelled, methods)),
        "points": covariance.points(everything.joined(unlabelled.crystals).inputs),
        "estimates": unlabelled.crystals.log_ltc,
        "embedding_center": embedding.center,
        "embedding_scale": embedding.scale,
    }
    _write(arrays, context.directory / FILE)
    logger.info(
        "%s: process fitted to %d references and %d estimates",
        *(context.title, len(rows), len(unlabelled.noise)),
    )


def _fitted_arrays(
    covariance: Covariance, settings: GaussianProcessSettings, known: "Known"
) -> dict[str, object]:
    """Return what is fitted to known crystals."""
    fitted, crystals = fit_process(known, covariance, settings), known.crystals()
    return {
        "mean": crystals.log_ltc.mean(),
        "linear": covariance.slope**2 * (crystals.inputs.T @ fitted.coefficients),
        "coefficients": fitted.coefficients,
        "errors": fitted.errors[: len(known.references)],
        "own": [astuple(own) for own in fitted.own],
    }


@dataclass(frozen=True)
class MethodRows:
    """References that are of a method with a process of its own.

    `masks` [n_methods, n]: those of each; `descriptors` [n, n_descriptors]: mapped ones, of all.
    """

    masks: Masks
    descriptors: Numbers

    def distances(self, rows: NDArray[np.int64]) -> Numbers:
        """Return the distances [n_rows, n_rows] between the descriptors of these references."""
        return descriptor_distances(self.descriptors[rows], self.descriptors[rows])


@dataclass(frozen=True)
class Known:
    """What a process is fitted to: references, which of them are of a method, and estimates."""

    references: References
    estimates: Estimates
    methods: MethodRows

    def crystals(self) -> References:
        """Return references, then estimates."""
        return self.references.joined(self.estimates.crystals)


def fit_process(
    known: Known, covariance: Covariance, settings: GaussianProcessSettings
) -> FittedProcess:
    """Return the process fitted to known crystals."""
    crystals, methods = known.crystals(), known.methods
    residual, signal = crystals.residual(), covariance.signal(crystals)
    n_references, usual = len(known.references), covariance.noise + JITTER
    noise = np.concatenate([np.zeros(n_references), known.estimates.noise])
    shared = np.flatnonzero(~methods.masks.any(axis=0))
    weights = student_weights(signal[np.ix_(shared, shared)], usual, residual[shared], settings)
    noise[shared] = usual / weights
    plain = np.concatenate([shared, np.arange(n_references, len(residual))])
    inverse, _ = invert(signal[np.ix_(plain, plain)] + np.diag(noise[plain]))
    own = []
    for mask in methods.masks:
        rows = np.flatnonzero(mask)
        across = signal[np.ix_(rows, plain)] @ inverse
        given = MethodReferences(
            distance=methods.distances(rows),
            signal=signal[np.ix_(rows, rows)] - across @ signal[np.ix_(plain, rows)],
            residual=residual[rows] - across @ residual[plain],
        )
        own.append(fit_own_process(given))
        noise[rows] = own[-1].noise + JITTER
    for mask, process in zip(methods.masks, own, strict=True):
        rows = np.flatnonzero(mask)
        signal[np.ix_(rows, rows)] += process.signal(methods.distances(rows))
    inverse, _ = invert(signal + np.diag(noise))
    coefficients = inverse @ residual
    return FittedProcess(coefficients, np.abs(coefficients / np.diag(inverse)), tuple(own))


def has_process(folder: Path) -> bool:
    """Tell whether a member's process is fitted."""
    return (folder / FILE).is_file()


def _write(arrays: dict[str, object], path: Path) -> None:
    """Write arrays at once: a part of a file would be taken for the whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    save_file(
        {name: np.array(value, dtype=np.float64) for name, value in arrays.items()}, unfinished
    )
    unfinished.replace(path)
