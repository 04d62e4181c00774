"""The Gaussian processes of a member: fitted, kept in its folder, joined with others."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.prediction.gaussian_process import (
    METHODS,
    Process,
    join_inputs,
    standardise,
)
from training.data.graphs import GraphDataset
from training.fit.context import MemberContext
from training.fit.likelihood import (
    FittedProcess,
    ProcessTask,
    fit_processes,
    read_process_file,
    write_process,
)

logger = logging.getLogger(__name__)
FILE = "process.safetensors"
Single = NDArray[np.float32]
METHOD_DATASETS = {"ltc_phono3py": "dataset1", "ltc_half_heusler": "dataset2"}


def train_processes(context: MemberContext, moduli: Single) -> None:
    """Fit the processes of a member to its training rows; `moduli` are its network's."""
    data, rows = context.data, context.split.train
    inputs = join_inputs(standardised_descriptors(data)[rows], moduli[None, rows])[0].numpy()
    log_ltc, methods = process_labels(data)
    task = ProcessTask(inputs.astype(float), log_ltc[rows], methods[:, rows])
    write_process(
        fit_processes(task, context.preset.gaussian_process, context.seed), context.directory / FILE
    )
    logger.info("%s: the processes are fitted to %d crystals", context.title, len(rows))


def process_labels(data: GraphDataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return log10 of all references in W/(m K), and 1 where of a method, else 0.

    The second is [n_methods, n_crystals], in the order of `METHODS`.
    """
    owners = np.array(data.owners())
    methods = np.stack([owners == METHOD_DATASETS[method] for method in METHODS])
    return np.log10(data.ltc), methods.astype(float)


def standardised_descriptors(data: GraphDataset) -> NDArray[np.float32]:
    """Return the descriptors [n_crystals, n_descriptors] in standard deviations."""
    return _single(standardise(data.descriptors(), *data.descriptor_scale()))


def join_processes(contexts: Sequence[MemberContext], moduli: Sequence[Single]) -> Process:
    """Return the members' processes as one; `moduli` [n_crystals, 2] are their networks'.

    Raises FileNotFoundError where a member has none.
    """
    data = contexts[0].data
    fitted = [_fitted(context.directory) for context in contexts]
    coefficients = np.zeros((len(contexts), len(fitted[0].coefficients), len(data.graphs)))
    for of_member, process, context in zip(coefficients, fitted, contexts, strict=True):
        of_member[:, context.split.train] = process.coefficients
    center, scale = data.descriptor_scale()
    names = fitted[0].covariance
    return Process(
        center=center,
        scale=scale,
        descriptors=standardised_descriptors(data),
        moduli=np.stack(moduli),
        methods=_single(process_labels(data)[1]),
        mean=_single([process.mean for process in fitted]),
        coefficients=_single(coefficients),
        **{name: _single([process.covariance[name] for process in fitted]) for name in names},
    )


def read_process(folder: Path) -> FittedProcess | None:
    """Return the processes fitted in a member's folder; None where there are none."""
    return read_process_file(folder / FILE)


def _fitted(folder: Path) -> FittedProcess:
    process = read_process(folder)
    if process is None:
        raise FileNotFoundError(folder / FILE)
    return process


def _single(values: object) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
