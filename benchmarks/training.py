"""One training step of a member against the same batch in megnet's Keras layers."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.crystals import crystals
from benchmarks.timing import Spread, seconds
from models.crystal.crystal import Crystal
from models.network.architecture import Architecture, initial_weights
from models.network.batch import join_graphs
from models.network.inputs import InputSettings, network_input
from training.config import Schedule
from training.fit.network.objectives import Mape
from training.fit.network.optimiser import Optimiser, OptimiserState
from training.fit.network.parameters import pack

BATCH, N_ATOMS, ROUNDS = 8, 10, 30
HEAD = Architecture(mlp=())  # megnet's own output layer, so that both have the same layers
RATE = 1e-3  # of learning
SCHEDULE = Schedule(epochs=1, batch_size=BATCH, learning_rate=RATE, floor=RATE, t_max=1)


def measure() -> dict[str, Any]:
    """Return milliseconds a step of Adam on eight crystals, and the ratio."""
    own = 1e3 * seconds({"ours": _step()}, ROUNDS, warm=3)["ours"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.megnet_training"],
        capture_output=True,
        check=True,
        text=True,
        timeout=300,
    )
    theirs = 1e3 * np.array(json.loads(done.stdout.splitlines()[-1]))
    return {
        "ours_ms": Spread.of(own).document(),
        "megnet_ms": Spread.of(theirs).document(),
        "ratio": Spread.of(theirs / np.median(own)).document(),
    }


def _step() -> Callable[[], object]:
    """Return a step of the training's own optimiser on one batch."""
    batch = join_graphs(
        [
            network_input(Crystal.of(structure), InputSettings(descriptors=True))
            for structure in crystals(BATCH, N_ATOMS)
        ]
    )
    labels = np.ones(BATCH, np.float32)  # W/(m K)
    constants = np.array([0, 1], np.float32)  # mean and deviation of the labels' logarithms
    optimiser = Optimiser(HEAD, Mape())
    optimiser.load(OptimiserState.start(pack(initial_weights(HEAD, 0), optimiser.shapes)))
    return lambda: optimiser.step(batch, labels, constants, SCHEDULE, RATE).numpy()
