"""The forward pass as a fraction of the machine's own single-precision matrix-multiply rate.

Both use all cores alike: products of large matrices, one at a time on each core; groups of
crystals, one at a time on each core.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.crystals import crystals
from benchmarks.ensemble import MEMBERS, RandomEnsemble
from benchmarks.timing import Spread, seconds
from models.cores import n_cores
from models.crystal.crystal import Crystal
from models.network.architecture import FEED_FORWARD, Architecture, dense_shapes

COUNT, N_ATOMS = 256, 10
SIDE = 2048  # of the square matrices
ROUNDS = 15


def measure() -> dict[str, Any]:
    """Return rates in Gflop/s and their ratio."""
    samples = [Crystal.of(structure) for structure in crystals(COUNT, N_ATOMS)]
    ensemble = RandomEnsemble()
    cores = n_cores()
    product = _product()
    with ThreadPoolExecutor(cores) as pool:
        times = seconds(
            {
                "batch": lambda: ensemble.ltc(samples),
                "one": lambda: ensemble.ltc(samples[:1]),
                "matmul": lambda: list(pool.map(product, range(cores))),
            },
            ROUNDS,
            warm=2,
        )
    work = 2 * multiplications(samples) / times["batch"] / 1e9
    rate = cores * 2 * SIDE**3 / times["matmul"] / 1e9
    return {
        "crystals": COUNT,
        "bonds": sum(each.graph.n_bonds for each in samples),
        "ms_batch": Spread.of(1e3 * times["batch"]).document(),
        "ms_one": Spread.of(1e3 * times["one"]).document(),
        "gflops_forward": Spread.of(work).document(),
        "gflops_matmul": Spread.of(rate).document(),
        "fraction": Spread.of(work / rate).document(),
    }


def _product() -> Callable[[object], object]:
    """Return what computes the product of two large matrices."""
    square = tf.random.normal([SIDE, SIDE], seed=1)
    multiply = tf.function(lambda: tf.matmul(square, square))
    return lambda _: multiply().numpy()


def multiplications(samples: Sequence[Crystal]) -> float:
    """Return the multiply-adds of the dense layers for all members, and nothing else.

    First layers of the updates count as split: their atom and state parts once an atom, a crystal.
    What was computed when the ensemble was loaded does not count.
    """
    n_bonds = sum(each.graph.n_bonds for each in samples)
    n_atoms = sum(each.graph.n_atoms for each in samples)
    narrow, wide = FEED_FORWARD[-1], 64
    total = 0.0
    for name, (inputs, outputs) in dense_shapes(Architecture()).items():
        if name.startswith(("atom_in", "state_in")):
            continue
        if name.endswith(".bond.0"):
            total += narrow * wide * (n_bonds + 2 * n_atoms + len(samples))
        elif name.endswith(".atom.0"):
            total += narrow * wide * (2 * n_atoms + len(samples))
        elif "bond" in name and "lstm" not in name:
            total += inputs * outputs * n_bonds
        elif "atom" in name and "lstm" not in name:
            total += inputs * outputs * n_atoms
        else:
            total += inputs * outputs * len(samples)
    return float(np.float64(total) * MEMBERS)
