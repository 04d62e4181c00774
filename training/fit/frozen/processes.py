"""Gaussian processes of the members: common covariance, coefficients of each member."""

import logging
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.errors import DataError
from models.network.heads import METHODS
from models.network.standardise import standardise
from models.prediction.gaussian_process import Process
from training.config import GaussianProcessSettings
from training.data.graphs import GraphDataset
from training.fit.context import MemberContext
from training.fit.frozen.embedding import StandardisedEmbedding
from training.fit.frozen.likelihood import (
    JITTER,
    Covariance,
    References,
    distances,
    fit_covariance,
    invert,
    student_weights,
)
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
    """Return the covariance of a stage: that of its start, or fitted to set-aside references.

    All members are trained on these, and no error is reported on them. References of a method
    with a process of its own are left out. `embedding`: that of the member of `context`.
    """
    path = context.directory.parent / COVARIANCE_FILE
    if not path.is_file():
        found = context.exported.covariance if context.exported else _fitted(context, embedding)
        _write({"logarithms": found.vector()}, path)
    return read_covariance(path)


def _fitted(context: MemberContext, embedding: StandardisedEmbedding) -> Covariance:
    apart = np.flatnonzero(method_masks(context.data).any(axis=0))
    rows = np.setdiff1d(context.choice_rows(), apart)
    references = _references(context, embedding).chosen(rows)
    logger.info("%s: covariance is fitted to %d crystals", context.stage.name, len(rows))
    return fit_covariance(references, context.preset.gaussian_process)


def read_covariance(path: Path) -> Covariance:
    """Return the covariance in a file. Raises DataError where there is none."""
    if not path.is_file():
        raise DataError(f"{path} is missing; train the ensemble again.")
    return Covariance.of(load_file(path)["logarithms"])


def train_process(context: MemberContext, embedding: StandardisedEmbedding) -> None:
    """Fit a member's process to its training rows, and write it."""
    covariance = read_covariance(context.directory.parent / COVARIANCE_FILE)
    rows = context.split.train
    references = _references(context, embedding).chosen(rows)
    methods = method_masks(context.data)[:, rows]
    fitted = fit_process(references, methods, covariance, context.preset.gaussian_process)
    arrays = {
        "mean": references.log_ltc.mean(),
        "coefficients": fitted.coefficients,
        "errors": fitted.errors,
        "own": [astuple(own) for own in fitted.own],
        "embedding": embedding.values,
        "embedding_center": embedding.center,
        "embedding_scale": embedding.scale,
    }
    _write(arrays, context.directory / FILE)
    logger.info("%s: process fitted to %d crystals", context.title, len(rows))


def fit_process(
    references: References,
    methods: Masks,
    covariance: Covariance,
    settings: GaussianProcessSettings,
) -> FittedProcess:
    """Return the process fitted to references, of which `methods` [n_methods, n] are apart."""
    residual, plain = references.residual(), np.flatnonzero(~methods.any(axis=0))
    signal, usual = covariance.signal(references), covariance.noise * settings.noise_share + JITTER
    block = np.ix_(plain, plain)
    weights = student_weights(signal[block], usual, residual[plain], settings)
    noise = np.zeros(len(residual))
    noise[plain] = usual / weights
    inverse, _ = invert(signal[block] + np.diag(noise[plain]))
    apart, own = distances(references.inputs * covariance.rate), []
    for mask in methods:
        rows = np.flatnonzero(mask)
        across = signal[np.ix_(rows, plain)] @ inverse
        given = MethodReferences(
            distance=apart[np.ix_(rows, rows)],
            signal=signal[np.ix_(rows, rows)] - across @ signal[np.ix_(plain, rows)],
            residual=residual[rows] - across @ residual[plain],
        )
        own.append(fit_own_process(given))
        noise[rows] = own[-1].noise + JITTER
    for mask, process in zip(methods, own, strict=True):
        rows = np.flatnonzero(mask)
        signal[np.ix_(rows, rows)] += process.signal(apart[np.ix_(rows, rows)])
    inverse, _ = invert(signal + np.diag(noise))
    coefficients = inverse @ residual
    return FittedProcess(coefficients, np.abs(coefficients / np.diag(inverse)), tuple(own))


def has_process(folder: Path) -> bool:
    """Tell whether a member's process is fitted."""
    return (folder / FILE).is_file()


def join_processes(contexts: Sequence[MemberContext]) -> Process:
    """Return the members' processes as one. Raises FileNotFoundError where a member has none."""
    data = contexts[0].data
    covariance = read_covariance(contexts[0].directory.parent / COVARIANCE_FILE)
    files = [load_file(context.directory / FILE) for context in contexts]
    center, scale = contexts[0].descriptor_scale
    own = np.stack([file["own"] for file in files])

    def of_rows(name: str) -> Numbers:
        values = np.zeros((len(contexts), len(data.graphs)))
        for index, context in enumerate(contexts):
            values[index, context.split.train] = files[index][name]
        return values

    def stacked(name: str) -> Numbers:
        return np.stack([file[name] for file in files])

    arrays = {
        "center": center,
        "scale": scale,
        "known": standardised_descriptors(contexts[0]),
        "rate": covariance.rate,
        "embedding_center": stacked("embedding_center"),
        "embedding_scale": stacked("embedding_scale"),
        "known_embeddings": stacked("embedding"),
        "embedding_rate": [covariance.embedding_rate],
        "amplitude": [covariance.amplitude],
        "slope": [covariance.slope],
        "methods": method_masks(data),
        "own_amplitude": own[..., 0],
        "own_offset": own[..., 1],
        "own_rate": own[..., 3],
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


def standardised_descriptors(context: MemberContext) -> NDArray[np.float32]:
    """Return the descriptors [n_crystals, n_descriptors] in standard deviations."""
    return standardise(context.data.descriptors(), *context.descriptor_scale)


def _references(context: MemberContext, embedding: StandardisedEmbedding) -> References:
    inputs = standardised_descriptors(context).astype(float)
    return References(inputs, embedding.values.astype(float), np.log10(context.data.ltc))


def _write(arrays: dict[str, object], path: Path) -> None:
    """Write arrays at once: a part of a file would be taken for the whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    save_file(
        {name: np.array(value, dtype=np.float64) for name, value in arrays.items()}, unfinished
    )
    unfinished.replace(path)
