"""Gaussian processes of the members: common covariance, coefficients of each member."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from models.errors import DataError
from models.network.heads import METHODS
from models.network.standardise import standardise
from models.prediction.gaussian_process import Process
from training.data.graphs import GraphDataset
from training.fit.context import MemberContext
from training.fit.likelihood import Covariance, References, fit_covariance, invert, student_weights

logger = logging.getLogger(__name__)
FILE = "process.safetensors"
COVARIANCE_FILE = "covariance.safetensors"
METHOD_DATASETS = {"ltc_phono3py": "dataset1", "ltc_half_heusler": "dataset2"}
Numbers = NDArray[np.float64]


def train_covariance(context: MemberContext) -> Covariance:
    """Return the covariance of a stage, fitted once to the set-aside references.

    All members are trained on these, and no error is reported on them.
    """
    path = context.directory.parent / COVARIANCE_FILE
    if not path.is_file():
        rows = context.choice_rows()
        references = _references(context.data, rows)
        covariance = fit_covariance(references, context.preset.gaussian_process)
        _write({"logarithms": covariance.vector()}, path)
        logger.info("%s: covariance fitted to %d crystals", context.stage.name, len(rows))
    return read_covariance(path)


def read_covariance(path: Path) -> Covariance:
    """Return the covariance in a file. Raises DataError where there is none."""
    if not path.is_file():
        raise DataError(f"{path} is missing; train the ensemble again.")
    return Covariance.of(load_file(path)["logarithms"])


def train_process(context: MemberContext) -> None:
    """Fit the coefficients of a member's process to its training rows, and write them."""
    covariance = read_covariance(context.directory.parent / COVARIANCE_FILE)
    references = _references(context.data, context.split.train)
    weight = student_weights(covariance, references, context.preset.gaussian_process)
    noise = covariance.noise_of(references.methods) / weight
    inverse, _ = invert(covariance.signal(references) + np.diag(noise))
    mean = references.log_ltc.mean()
    coefficients = inverse @ (references.log_ltc - mean)
    _write({"mean": mean, "coefficients": coefficients}, context.directory / FILE)
    logger.info("%s: process fitted to %d crystals", context.title, len(coefficients))


def has_process(folder: Path) -> bool:
    """Tell whether a member's process is fitted."""
    return (folder / FILE).is_file()


def join_processes(contexts: Sequence[MemberContext]) -> Process:
    """Return the members' processes as one. Raises FileNotFoundError where a member has none."""
    data = contexts[0].data
    covariance = read_covariance(contexts[0].directory.parent / COVARIANCE_FILE)
    coefficients = np.zeros((len(contexts), len(data.graphs)))
    means = np.zeros(len(contexts))
    for index, context in enumerate(contexts):
        fitted = load_file(context.directory / FILE)
        coefficients[index, context.split.train] = fitted["coefficients"]
        means[index] = float(fitted["mean"])
    center, scale = data.descriptor_scale()
    return Process(
        center=center,
        scale=scale,
        known=_single(standardised_descriptors(data)),
        rate=_single(covariance.rate),
        amplitude=_single([covariance.amplitude]),
        slope=_single([covariance.slope]),
        own_amplitude=_single(covariance.own_amplitude),
        own_offset=_single(covariance.own_offset),
        methods=_single(method_masks(data)),
        mean=_single(means),
        coefficients=_single(coefficients),
    )


def method_masks(data: GraphDataset) -> NDArray[np.bool_]:
    """Return which references [n_methods, n_crystals] are of each of `METHODS`."""
    owners = np.array(data.owners())
    return np.stack([owners == METHOD_DATASETS[method] for method in METHODS])


def standardised_descriptors(data: GraphDataset) -> NDArray[np.float32]:
    """Return the descriptors [n_crystals, n_descriptors] in standard deviations."""
    return standardise(data.descriptors(), *data.descriptor_scale())


def _references(data: GraphDataset, rows: NDArray[np.int64]) -> References:
    inputs = standardised_descriptors(data)[rows].astype(float)
    return References(inputs, np.log10(data.ltc[rows]), method_masks(data)[:, rows])


def _write(arrays: dict[str, object], path: Path) -> None:
    """Write arrays at once: a part of a file would be taken for the whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    save_file(
        {name: np.array(value, dtype=np.float64) for name, value in arrays.items()}, unfinished
    )
    unfinished.replace(path)


def _single(values: object) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
