"""Set2set for one member of an ensemble, in compiled code.

As in MEGNet's layer the LSTM keeps no cell state from step to step, so that its forget gate has no
effect. Source: Vinyals et al., arXiv 1511.06391.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from models.compiling.compiler import inlined, inner
from models.network.architecture import SET2SET_STEPS
from models.network.compiled.kernels.dense import dense_linear
from models.network.compiled.kernels.rows import copy_row
from models.network.compiled.kernels.workspace import MEMORY

GATE_IN, CANDIDATE, GATE_OUT = 0, 2 * MEMORY, 3 * MEMORY


@inlined
def pool(layers: Any, m: Any, part: Any, features: Any, share: Any, first: Any, space: Any) -> None:
    """Write each crystal's attention over its atoms or bonds to `space.query` [n_crystals, 32].

    `part`: 0 for atoms, 1 for bonds; `features` [n, 32] and `share` [n] of them; `first`
    [n_crystals + 1]: where each crystal's begin.
    """
    kernel, bias = layers.memory.kernel[m, part], layers.memory.bias[m, part]
    dense_linear(features, len(share), kernel, bias, 0, space.memory)
    query = space.query
    for crystal in range(len(query)):
        copy_row(layers.first[m, part], 0, query, crystal, 0)
    for step in range(SET2SET_STEPS):
        if step:
            kernel, bias = layers.lstm.kernel[m, part], layers.lstm.bias[m, part]
            dense_linear(query, len(query), kernel, bias, 0, space.gates)
            _open_gates(space.gates, query)
        for crystal in range(len(query)):
            start, end = first[crystal], first[crystal + 1]
            _attend(space.memory[start:end], share[start:end], query[crystal], space.energy)


@inner
def _open_gates(gates: Any, query: Any) -> None:
    """Write the LSTM's output to the first half of the queries."""
    for row in range(len(query)):
        for i in range(MEMORY):
            candidate = math.tanh(gates[row, CANDIDATE + i])
            cell = _hard_sigmoid(gates[row, GATE_IN + i]) * candidate
            query[row, i] = _hard_sigmoid(gates[row, GATE_OUT + i]) * math.tanh(cell)


@inlined
def _hard_sigmoid(value: Any) -> Any:
    return min(max(np.float32(0.2) * value + np.float32(0.5), np.float32(0)), np.float32(1))


@njit(fastmath={"contract", "reassoc", "nsz"})  # type: ignore[untyped-decorator]
def _attend(memory: Any, share: Any, query: Any, energy: Any) -> None:
    """Write what the first half of a query reads in a memory to its second half."""
    greatest = np.float32(-np.inf)
    for row in range(len(memory)):
        total = np.float32(0)
        for i in range(MEMORY):
            total += memory[row, i] * query[i]
        energy[row] = total
        greatest = max(greatest, total)
    for i in range(MEMORY):
        query[MEMORY + i] = 0
    whole = np.float32(0)
    for row in range(len(memory)):
        raised = share[row] * math.exp(energy[row] - greatest)
        whole += raised
        for i in range(MEMORY):
            query[MEMORY + i] += raised * memory[row, i]
    for i in range(MEMORY):
        query[MEMORY + i] /= whole
