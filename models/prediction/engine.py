"""Engines that evaluate an ensemble: compiled code, or its reference in TensorFlow and numpy."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from models.network.architecture import Weights
from models.network.arrays import Single
from models.network.batch import CrystalBatch
from models.network.heads import HeadOutputs, HeadPredictor, Heads
from models.prediction.gaussian_process import Process, ProcessOutputs, ProcessPredictor

EngineName = Literal["compiled", "tensorflow"]
COMPILED, REFERENCE = get_args(EngineName)
Network = Callable[[CrystalBatch], tuple[Single, Single]]
HeadsCall = Callable[[Single, Single, NDArray[np.int64]], HeadOutputs]
ProcessCall = Callable[[Single, Single, NDArray[np.int64]], ProcessOutputs]


@dataclass(frozen=True)
class Engine:
    """What makes the parts of an ensemble ready to predict.

    A network returns targets [n_members, n_crystals, n_outputs] and embeddings [n_members,
    n_crystals, width] of a batch; heads and processes are called like `HeadPredictor` and
    `ProcessPredictor`.
    """

    network: Callable[[Weights], Network]
    heads: Callable[[Heads], HeadsCall]
    process: Callable[[Process], ProcessCall]


def load_engine(name: EngineName) -> Engine:
    """Return an engine; only now is numba or TensorFlow imported."""
    if name == REFERENCE:
        from models.network.reference import ReferenceNetwork  # noqa: PLC0415

        return Engine(ReferenceNetwork, HeadPredictor, ProcessPredictor)
    from models.network.compiled.heads import CompiledHeads  # noqa: PLC0415
    from models.network.compiled.network import CompiledNetwork  # noqa: PLC0415
    from models.network.compiled.process import CompiledCovariances  # noqa: PLC0415

    process = partial(ProcessPredictor, covariances=CompiledCovariances)
    return Engine(CompiledNetwork, CompiledHeads, process)
