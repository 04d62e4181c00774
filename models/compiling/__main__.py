"""Compiles everything ahead, so that no start has to: for this machine, or for all (`--all`)."""

import os
import subprocess
import sys
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from models.compiling.compiler import CLASSES
from models.crystal.compiled import maps
from models.crystal.compiled.averages import average, count_operations
from models.crystal.compiled.bonds import join_alike
from models.crystal.compiled.components import largest_translations
from models.descriptors.compiled import bond_valence, columns, order, radial, shell, springs
from models.descriptors.compiled.pairs import Elements, Pairs
from models.network.architecture import Architecture, initial_weights
from models.network.batch import CrystalBatch
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
    _compile_crystal()
    _compile_descriptors()
    _compile_network()


def _compile_crystal() -> None:
    table, vectors, matrices = _whole(1), _double(2), _whole(3)
    _compile(maps.find_maps, vectors, vectors, 0.0)
    compared = maps.ComparedSites(table, table, _whole(2), table, table, table)
    _compile(maps.map_sites, vectors, vectors, vectors, matrices, vectors, compared, 0.0)
    _compile(average, vectors, vectors, matrices, _whole(2), _double(3), _double(1))
    _compile(count_operations, matrices, _double(1))
    _compile(largest_translations, table, table, _whole(2))
    _compile(join_alike, table, table, _double(1), _double(1), 0, 0.0)


def _compile_descriptors() -> None:
    whole, numbers, table = _whole(1), _double(1), _double(2)
    pairs = Pairs(whole, numbers, numbers, whole, whole, numbers, table, numbers)
    properties = Elements(numbers, numbers, numbers, numbers)
    _compile(shell.shell_columns, pairs, properties, numbers, 0.0)
    _compile(bond_valence.bond_strengths, pairs, properties)
    _compile(bond_valence.bond_valence_columns, pairs, properties, numbers)
    _compile(springs.spring_columns, pairs, properties)
    _compile(springs.crystal_springs, table, _double(3), 0.0)
    _compile(order.mean_cosines, pairs, numbers, numbers, _whole(2), whole, numbers)
    _compile(radial.radial_distributions, pairs, properties)
    _compile(columns.statistics, table, numbers, columns.SiteWeights(numbers, numbers, numbers))
    _compile(columns.n_environments, table, numbers, numbers, whole)


def _compile_network() -> None:
    weights = {name: value[None] for name, value in initial_weights(Architecture(), 0).items()}
    _compile(forward, prepare(weights), _batch(), 0, 1)
    heads = HeadLayers(
        Layer(_floats(5), _floats(5)), Layer(_floats(5), _floats(4)), Layer(_floats(4), _floats(4))
    )
    _compile(run_heads, heads, _floats(2), _floats(3), 0, 0, 1)
    known = Known(_floats(4), _floats(3), _floats(3))
    _compile(sum_covariances, known, _floats(3))


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


def _double(n_axes: int) -> NDArray[np.float64]:
    return np.zeros((1,) * n_axes)


def _whole(n_axes: int) -> NDArray[np.int64]:
    return np.zeros((1,) * n_axes, dtype=np.int64)


if __name__ == "__main__":
    sys.exit(main())
