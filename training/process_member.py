"""The Gaussian process of one member: its task from the data, its file in the run."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.gaussian_process import OUTPUTS, Process, standardise
from training.gaussian_process import (
    FittedProcess,
    ProcessTask,
    fit_process,
    read_process,
    write_process,
)
from training.graphs import GraphDataset
from training.splits import Rows
from training.targets import label_table

logger = logging.getLogger(__name__)
FILE = "process.safetensors"


def train_process(title: str, data: GraphDataset, rows: Rows, run_dir: Path) -> None:
    """Fit the process of a member to its training rows, unless `run_dir` has it."""
    if read_process(run_dir / FILE):
        return
    task = process_task(data)
    task = ProcessTask(task.inputs[rows], task.log_ltc[rows], task.own[rows])
    write_process(fit_process(task), run_dir / FILE)
    logger.info("%s: the process is fitted to %d crystals", title, len(rows))


def process_task(data: GraphDataset) -> ProcessTask:
    """Return descriptors and references of all crystals of a data set."""
    table = label_table(data.dataset.crystals, data.owners(), OUTPUTS)
    own = np.isfinite(table[:, OUTPUTS.index("ltc_half_heusler")])
    return ProcessTask(
        inputs=standardise(data.descriptors(), *data.descriptor_scale()).numpy().astype(float),
        log_ltc=np.log10(np.nanmax(table, axis=1)),
        own=own.astype(float),
    )


def join_processes(data: GraphDataset, rows: Sequence[Rows], folders: Sequence[Path]) -> Process:
    """Return the processes fitted in `folders`, each to its training rows, as one.

    Raises FileNotFoundError for a folder without one.
    """
    task = process_task(data)
    fitted = [_fitted(folder) for folder in folders]
    coefficients = np.zeros((len(folders), len(data.graphs)))
    for row, member, trained in zip(coefficients, fitted, rows, strict=True):
        row[trained] = member.coefficients
    center, scale = data.descriptor_scale()
    names = fitted[0].covariance
    return Process(
        center=center,
        scale=scale,
        inputs=_single(task.inputs),
        is_half_heusler=_single(task.own),
        mean=_single([member.mean for member in fitted]),
        coefficients=_single(coefficients),
        **{name: _single([member.covariance[name] for member in fitted]) for name in names},
    )


def _fitted(folder: Path) -> FittedProcess:
    process = read_process(folder / FILE)
    if process is None:
        raise FileNotFoundError(folder / FILE)
    return process


def _single(values: object) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
