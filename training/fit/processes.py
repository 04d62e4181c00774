"""The Gaussian processes of one member: their task from the data, their file in the run."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.prediction.gaussian_process import (
    FROM_NETWORK,
    METHODS,
    Process,
    join_inputs,
    standardise,
)
from training.data.graphs import GraphDataset
from training.data.splits import Rows
from training.fit.likelihood import (
    FittedProcess,
    ProcessTask,
    fit_processes,
    read_process,
    write_process,
)

logger = logging.getLogger(__name__)
FILE = "process.safetensors"
METHOD_DATASETS = {"ltc_phono3py": "dataset1", "ltc_half_heusler": "dataset2"}


@dataclass(frozen=True)
class MemberData:
    """A data set as one member sees it: the rows it is trained on, its network's targets for all.

    `targets` gives standardised targets [n_crystals, n_outputs] in the order of `outputs`; `seed`
    is the member's.
    """

    data: GraphDataset
    rows: Rows
    outputs: Sequence[str]
    targets: Callable[[], NDArray[np.float64]]
    seed: int

    def moduli(self) -> NDArray[np.float32]:
        """Return what the network says of the moduli [n_crystals, 2], standardised."""
        columns = [self.outputs.index(name) for name in FROM_NETWORK]
        return _single(self.targets()[:, columns])


def train_process(title: str, data: MemberData, run_dir: Path) -> None:
    """Fit the processes of a member to its training rows, unless `run_dir` has it."""
    if read_process(run_dir / FILE):
        return
    rows, descriptors = data.rows, standardised_descriptors(data.data)
    inputs = join_inputs(descriptors[rows], data.moduli()[None, rows])[0].numpy()
    log_ltc, methods = process_labels(data.data)
    task = ProcessTask(inputs.astype(float), log_ltc[rows], methods[:, rows])
    write_process(fit_processes(task, data.seed), run_dir / FILE)
    logger.info("%s: the processes are fitted to %d crystals", title, len(rows))


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


def join_processes(members: Sequence[MemberData], folders: Sequence[Path]) -> Process:
    """Return the processes fitted in `folders`, each to its member's rows, as one.

    Raises FileNotFoundError for a folder without one.
    """
    data = members[0].data
    fitted = [_fitted(folder) for folder in folders]
    coefficients = np.zeros((len(folders), len(fitted[0].coefficients), len(data.graphs)))
    for of_member, process, member in zip(coefficients, fitted, members, strict=True):
        of_member[:, member.rows] = process.coefficients
    center, scale = data.descriptor_scale()
    names = fitted[0].covariance
    return Process(
        center=center,
        scale=scale,
        descriptors=standardised_descriptors(data),
        moduli=np.stack([member.moduli() for member in members]),
        methods=_single(process_labels(data)[1]),
        mean=_single([process.mean for process in fitted]),
        coefficients=_single(coefficients),
        **{name: _single([process.covariance[name] for process in fitted]) for name in names},
    )


def _fitted(folder: Path) -> FittedProcess:
    process = read_process(folder / FILE)
    if process is None:
        raise FileNotFoundError(folder / FILE)
    return process


def _single(values: object) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
