"""One training step of a member against the same batch in megnet's Keras layers."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.crystals import crystals
from benchmarks.timing import Spread, seconds
from models.architecture import Architecture, initial_weights, weight_shapes
from models.batch import CrystalBatch, join_graphs
from models.graph import crystal_graph
from models.network import forward
from models.tensors import BATCH_SIGNATURE
from training.parameters import pack, unpack

BATCH, N_ATOMS, ROUNDS = 8, 10, 30
HEAD = Architecture(mlp=())  # megnet's own output layer, so that both have the same layers


def measure() -> dict[str, Any]:
    """Return milliseconds a step of Adam on eight crystals, and the ratio."""
    batch = join_graphs([crystal_graph(structure) for structure in crystals(BATCH, N_ATOMS)])
    step = _step()
    own = 1e3 * seconds({"ours": lambda: step(batch).numpy()}, ROUNDS, warm=3)["ours"]
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


def _step() -> Callable[[CrystalBatch], tf.Tensor]:
    """Return a step of Adam towards zero outputs."""
    shapes = weight_shapes(HEAD)
    weights, first, second = (
        tf.Variable(start(pack(initial_weights(HEAD, 0), shapes)))
        for start in (np.asarray, np.zeros_like, np.zeros_like)
    )

    def step(batch: CrystalBatch) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(forward(unpack(weights, shapes), batch) ** 2)
        tf.raw_ops.ResourceApplyAdam(
            var=weights.handle,
            m=first.handle,
            v=second.handle,
            beta1_power=0.9,
            beta2_power=0.999,
            lr=1e-3,
            beta1=0.9,
            beta2=0.999,
            epsilon=1e-8,
            grad=tape.gradient(loss, weights),
        )
        return loss

    compiled: Callable[[CrystalBatch], tf.Tensor] = tf.function(
        step, input_signature=[BATCH_SIGNATURE]
    )
    return compiled
