"""Gaussian processes of the members: covariance and coefficients of each."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.errors import DataError
from models.network.heads import METHODS
from models.prediction.gaussian_process import Process, descriptor_distances
from training.config import GaussianProcessSettings
from training.data.graphs import GraphDataset
from training.fit.context import MemberContext
from training.fit.frozen.covariance import (
    JITTER,
    Covariance,
    References,
    invert,
    student_weights,
)
from training.fit.frozen.embedding import StandardisedEmbedding
from training.fit.frozen.lengths import fit_covariance
from training.fit.own_process import MethodReferences, OwnProcess, fit_own_process

logger = logging.getLogger(__name__)
FILE = "process.safetensors"
COVARIANCE_FILE = "covariance.safetensors"
METHOD_DATASETS = {"ltc_phono3py": "dataset1", "ltc_half_heusler": "dataset2"}

Numbers = NDArray[np.float64]
Masks = NDArray[np.bool_]


@dataclass(frozen=True)
class FittedProcess:
    """A process of one member.

    `coefficients`, `errors` [n]: of its references, the latter of log10(LTC), each predicted
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
    references = _references(context, embedding).chosen(rows)
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


def train_process(context: MemberContext, embedding: StandardisedEmbedding) -> None:
    """Fit a member's process to its training rows, and write it."""
    covariance = train_covariance(context, embedding)
    rows, everything = context.split.train, _references(context, embedding)
    references = everything.chosen(rows)
    descriptors = references.inputs[:, : -len(embedding.center)]
    methods = MethodRows(method_masks(context.data)[:, rows], descriptors)
    fitted = fit_process(methods, references, covariance, context.preset.gaussian_process)
    arrays = {
        "mean": references.log_ltc.mean(),
        "linear": covariance.slope**2 * (references.inputs.T @ fitted.coefficients),
        "coefficients": fitted.coefficients,
        "errors": fitted.errors,
        "own": [astuple(own) for own in fitted.own],
        "points": covariance.points(everything.inputs),
        "embedding_center": embedding.center,
        "embedding_scale": embedding.scale,
    }
    _write(arrays, context.directory / FILE)
    logger.info("%s: process fitted to %d crystals", context.title, len(rows))


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


def fit_process(
    methods: MethodRows,
    references: References,
    covariance: Covariance,
    settings: GaussianProcessSettings,
) -> FittedProcess:
    """Return the process fitted to references, some of which are of a method."""
    masks = methods.masks
    residual, plain = references.residual(), np.flatnonzero(~masks.any(axis=0))
    signal, usual = covariance.signal(references), covariance.noise + JITTER
    block = np.ix_(plain, plain)
    weights = student_weights(signal[block], usual, residual[plain], settings)
    noise = np.zeros(len(residual))
    noise[plain] = usual / weights
    inverse, _ = invert(signal[block] + np.diag(noise[plain]))
    own = []
    for mask in masks:
        rows = np.flatnonzero(mask)
        across = signal[np.ix_(rows, plain)] @ inverse
        given = MethodReferences(
            distance=methods.distances(rows),
            signal=signal[np.ix_(rows, rows)] - across @ signal[np.ix_(plain, rows)],
            residual=residual[rows] - across @ residual[plain],
        )
        own.append(fit_own_process(given))
        noise[rows] = own[-1].noise + JITTER
    for mask, process in zip(masks, own, strict=True):
        rows = np.flatnonzero(mask)
        signal[np.ix_(rows, rows)] += process.signal(methods.distances(rows))
    inverse, _ = invert(signal + np.diag(noise))
    coefficients = inverse @ residual
    return FittedProcess(coefficients, np.abs(coefficients / np.diag(inverse)), tuple(own))


def has_process(folder: Path) -> bool:
    """Tell whether a member's process is fitted."""
    return (folder / FILE).is_file()


def join_processes(contexts: Sequence[MemberContext]) -> Process:
    """Return the members' processes as one. Raises FileNotFoundError where a member has none."""
    data, scale = contexts[0].data, contexts[0].descriptor_scale
    methods = method_masks(data)
    covariances = [read_covariance(context.directory / COVARIANCE_FILE) for context in contexts]
    files = [load_file(context.directory / FILE) for context in contexts]

    def of_rows(name: str) -> Numbers:
        values = np.zeros((len(contexts), len(data.graphs)))
        for index, context in enumerate(contexts):
            values[index, context.split.train] = files[index][name]
        return values

    def stacked(name: str) -> Numbers:
        return np.stack([file[name] for file in files])

    own = stacked("own")
    arrays = {
        **asdict(scale),
        **{name: stacked(name) for name in ("embedding_center", "embedding_scale")},
        "rate": [covariance.rate for covariance in covariances],
        "projection": [covariance.projection for covariance in covariances],
        "points": stacked("points"),
        "amplitude": [covariance.amplitude for covariance in covariances],
        "slope": [covariance.slope for covariance in covariances],
        "linear": stacked("linear"),
        "methods": methods,
        "own_amplitude": own[..., 0],
        "own_offset": own[..., 1],
        "own_rate": own[..., 3],
        "own_known": scale(data.descriptors()[methods.any(axis=0)]),
        "mean": stacked("mean").reshape(len(files)),
        "coefficients": of_rows("coefficients"),
        "errors": of_rows("errors"),
    }
    return Process(
        **{name: np.ascontiguousarray(value, np.float32) for name, value in arrays.items()}
    )


def method_masks(data: GraphDataset) -> Masks:
    """Return which references [n_methods, n_crystals] are of each of `METHODS`."""
    owners = np.array(data.owners())
    return np.stack([owners == METHOD_DATASETS[method] for method in METHODS])


def join_inputs(context: MemberContext, embedding: StandardisedEmbedding) -> Numbers:
    """Return descriptors and embedding [n_crystals, n_inputs], all standardised."""
    descriptors = context.descriptor_scale(context.data.descriptors())
    return np.concatenate([descriptors, embedding.values], axis=1, dtype=float)


def _references(context: MemberContext, embedding: StandardisedEmbedding) -> References:
    return References(join_inputs(context, embedding), np.log10(context.data.ltc))


def _write(arrays: dict[str, object], path: Path) -> None:
    """Write arrays at once: a part of a file would be taken for the whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    save_file(
        {name: np.array(value, dtype=np.float64) for name, value in arrays.items()}, unfinished
    )
    unfinished.replace(path)
