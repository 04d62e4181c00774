"""Checkpoints: a training's state after an epoch, written atomically."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import safe_open
from safetensors.numpy import save_file

from training.fit.network.optimiser import OptimiserState, Vector

MEMBER_FILE = "member.safetensors"  # of a member that is finished
ARRAYS = ("weights", "average", "first_moment", "second_moment")


@dataclass(frozen=True)
class EpochRecord:
    """One line of a training's history; errors are MAPE, as fractions.

    `chosen_on` is the error the epoch is chosen by: on the inner rows, or on the validation rows
    under the paper's protocol; None where the last epoch is taken.
    """

    epoch: int
    train: float
    chosen_on: float | None
    seconds: float


@dataclass(frozen=True)
class Checkpoint:
    """A training after some epochs: the optimiser's state, the best weights so far, the history."""

    optimiser: OptimiserState
    best: Vector
    history: tuple[EpochRecord, ...]

    @property
    def next_epoch(self) -> int:
        """The epoch to go on with, counted from 0."""
        return len(self.history)


def write_checkpoint(checkpoint: Checkpoint, path: Path) -> None:
    """Write the checkpoint, or leave the earlier one whole."""
    tensors = {name: getattr(checkpoint.optimiser, name) for name in ARRAYS}
    history = json.dumps([asdict(record) for record in checkpoint.history])
    unfinished = path.with_suffix(".part")
    save_file(
        tensors | {"best": checkpoint.best},
        unfinished,
        metadata={"step": str(checkpoint.optimiser.step), "history": history},
    )
    os.replace(unfinished, path)  # noqa: PTH105  (atomic, and both are on one file system)


def read_checkpoint(path: Path) -> Checkpoint | None:
    """Return the checkpoint at `path`; None where there is none yet."""
    if not path.is_file():
        return None
    with safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in (*ARRAYS, "best")}
        metadata = file.metadata()
    best = arrays.pop("best")
    history = tuple(EpochRecord(**record) for record in json.loads(metadata["history"]))
    return Checkpoint(OptimiserState(**arrays, step=int(metadata["step"])), best, history)
