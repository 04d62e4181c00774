"""The training loop of one member: epochs, the choice among them, resumption."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from models.errors import DataError
from models.network.batch import NetworkInput, join_graphs
from models.network.transform import TargetTransform
from training.config import Schedule
from training.data.splits import Rows
from training.fit.network.checkpoint import (
    MEMBER_FILE,
    Checkpoint,
    EpochRecord,
    read_checkpoint,
    write_checkpoint,
)
from training.fit.network.optimiser import Optimiser, OptimiserState, Vector, learning_rate

logger = logging.getLogger(__name__)

PREDICT_BONDS = 20_000  # bonds in one batch when predicting

Report = Callable[[EpochRecord], None]


class TrainingDiverged(DataError):
    """Weights or errors are no numbers any more."""


@dataclass(frozen=True)
class MemberTask:
    """Everything the loop needs: crystals, labels, rows, initial weights.

    `labels` and `constants` are the objective's. `ltc` [n_crystals] in W/(m K) serves the choice of
    the epoch on the rows `choice`; the last epoch is taken where there are none.
    """

    graphs: Sequence[NetworkInput]
    ltc: NDArray[np.float64]
    labels: NDArray[np.float32]
    constants: NDArray[np.float32]
    train: Rows
    choice: Rows
    transforms: tuple[TargetTransform, ...]
    start: Vector
    seed: int


@dataclass(frozen=True)
class FittedMember:
    """A member's weights, the transform of each output, and how the fit went."""

    weights: Vector
    transforms: tuple[TargetTransform, ...]
    history: tuple[EpochRecord, ...]

    @property
    def transform(self) -> TargetTransform:
        """The transform of the LTC."""
        return self.transforms[0]

    @property
    def best(self) -> EpochRecord:
        """The epoch whose weights were kept."""
        chosen = [record for record in self.history if record.chosen_on is not None]
        return min(chosen, key=lambda record: record.chosen_on or 0.0, default=self.history[-1])


def fit_member(  # noqa: PLR0913, PLR0917  (what to fit, how, and where)
    task: MemberTask,
    schedule: Schedule,
    optimiser: Optimiser,
    run_dir: Path,
    report: Report,
    checkpoint_seconds: float,
) -> FittedMember:
    """Return the fitted member; its state is kept in `run_dir`, where a fit cut short goes on."""
    finished = read_member(run_dir)
    if finished:
        return finished
    path = run_dir / "checkpoint.safetensors"
    checkpoint = read_checkpoint(path) or Checkpoint(
        OptimiserState.start(task.start), task.start, ()
    )
    optimiser.load(checkpoint.optimiser)
    written = time.monotonic()
    while checkpoint.next_epoch < schedule.epochs:
        try:
            checkpoint = _run_epoch(task, schedule, optimiser, checkpoint)
        except TrainingDiverged as error:
            if not len(task.choice) or not checkpoint.history:
                raise
            logger.warning("%s The best of the epochs before is kept.", error)
            break
        report(checkpoint.history[-1])
        if time.monotonic() - written >= checkpoint_seconds:
            write_checkpoint(replace(checkpoint, optimiser=optimiser.state), path)
            written = time.monotonic()
    member = FittedMember(checkpoint.best, task.transforms, checkpoint.history)
    write_member(member, run_dir)
    path.unlink(missing_ok=True)
    return member


def _run_epoch(
    task: MemberTask, schedule: Schedule, optimiser: Optimiser, before: Checkpoint
) -> Checkpoint:
    started, epoch = time.monotonic(), before.next_epoch
    rate = learning_rate(schedule, epoch)
    losses, sizes = [], []
    for rows in _batches(task, schedule.batch_size, epoch):
        batch = join_graphs([task.graphs[row] for row in rows])
        losses.append(optimiser.step(batch, task.labels[rows], task.constants, schedule, rate))
        sizes.append(len(rows))
    weights = optimiser.state.average
    error = _choice_error(task, optimiser, weights)
    train = float(np.average([float(loss) for loss in losses], weights=sizes))
    if not np.isfinite(train):
        raise TrainingDiverged(
            f"The training diverged in epoch {epoch}: its error is {train}; "
            "lower learning_rate, or bound the gradient with clip."
        )
    record = EpochRecord(epoch, train, error, round(time.monotonic() - started, 3))
    earlier = [r.chosen_on for r in before.history if r.chosen_on is not None]
    better = error is None or error < min(earlier, default=np.inf)
    return replace(
        before, best=weights if better else before.best, history=(*before.history, record)
    )


def _batches(task: MemberTask, size: int, epoch: int) -> Iterator[Rows]:
    """Yield the training rows in batches, in an order made from seed and epoch alone."""
    order = np.random.default_rng((task.seed, epoch)).permutation(task.train)
    yield from np.split(order, range(size, len(order), size))


def _choice_error(task: MemberTask, optimiser: Optimiser, weights: Vector) -> float | None:
    if not len(task.choice):
        return None
    predicted = predict_rows(task.graphs, task.choice, optimiser, weights)[:, 0]
    reference = task.ltc[task.choice]
    exponent = predicted * task.transforms[0].std + task.transforms[0].mean
    return float(np.mean(np.abs(10**exponent - task.transforms[0].offset - reference) / reference))


def predict_rows(
    graphs: Sequence[NetworkInput], rows: Rows, optimiser: Optimiser, weights: Vector
) -> NDArray[np.float64]:
    """Return standardised targets [n_rows, n_outputs], computed in batches of bounded size."""
    chosen = [graphs[row] for row in rows]
    groups = np.cumsum([graph.n_bonds for graph in chosen]) // PREDICT_BONDS
    ends = np.flatnonzero(np.diff(groups)) + 1
    parts = np.split(np.arange(len(chosen)), ends)
    outputs = [
        optimiser.predict(weights, join_graphs([chosen[index] for index in part])) for part in parts
    ]
    return np.concatenate(outputs).astype(np.float64)


def write_member(member: FittedMember, run_dir: Path) -> None:
    """Write a fitted member at once."""
    transforms = json.dumps([asdict(transform) for transform in member.transforms])
    history = json.dumps([asdict(record) for record in member.history])
    unfinished = run_dir / "member.part"
    save_file(
        {"weights": member.weights},
        unfinished,
        metadata={"transforms": transforms, "history": history},
    )
    unfinished.replace(run_dir / MEMBER_FILE)


def read_member(run_dir: Path) -> FittedMember | None:
    """Return the member fitted in `run_dir`; None where it is not finished."""
    path = run_dir / MEMBER_FILE
    if not path.is_file():
        return None
    with safe_open(path, framework="numpy") as file:
        weights, metadata = file.get_tensor("weights"), file.metadata()
    return FittedMember(
        weights,
        tuple(TargetTransform(**record) for record in json.loads(metadata["transforms"])),
        tuple(EpochRecord(**record) for record in json.loads(metadata["history"])),
    )
