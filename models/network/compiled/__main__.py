"""Compiles everything ahead, so that no start has to: for this machine, or for all (`--all`)."""

import os
import subprocess
import sys
from typing import Any

import numba
import numpy as np

from models.network.architecture import Architecture, initial_weights
from models.network.batch import CrystalBatch
from models.network.compiled.compiler import CLASSES
from models.network.compiled.heads import HeadLayers, run_heads
from models.network.compiled.layout import Layer, Single
from models.network.compiled.network import forward
from models.network.compiled.prepare import prepare
from models.network.compiled.process import Known, sum_covariances


def main() -> int:
    """Return 0 when all is compiled."""
    if sys.argv[1:] != ["--all"]:
        compile_all()
        return 0
    for name, features in CLASSES.items():
        environment = {**os.environ, "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features}
        subprocess.run([sys.executable, "-m", str(__package__)], env=environment, check=True)  # noqa: S603
    return 0


def compile_all() -> None:
    """Compile what Python calls, for the types that it is called with; nothing is run."""
    weights = {name: value[None] for name, value in initial_weights(Architecture(), 0).items()}
    _compile(forward, prepare(weights), _batch(), 0, 1)
    heads = HeadLayers(
        Layer(_floats(5), _floats(5)), Layer(_floats(5), _floats(4)), Layer(_floats(4), _floats(4))
    )
    _compile(run_heads, heads, _floats(2), _floats(3), 0, 0, 1)
    known = Known(_floats(4), _floats(4), _floats(3), _floats(3))
    _compile(sum_covariances, known, _floats(3), _floats(3), 1.0)


def _compile(function: Any, *arguments: Any) -> None:
    function.compile(tuple(numba.typeof(each) for each in arguments))


def _batch() -> CrystalBatch:
    single, index = _floats(1), np.zeros(1, dtype=np.int32)
    return CrystalBatch(
        species=index,
        atom_share=single,
        atom_crystal=index,
        center=index,
        neighbor=index,
        distance=single,
        bond_weight=single,
        bond_share=single,
        bond_crystal=index,
        descriptors=_floats(2),
    )


def _floats(n_axes: int) -> Single:
    return np.zeros((1,) * n_axes, dtype=np.float32)


if __name__ == "__main__":
    sys.exit(main())
