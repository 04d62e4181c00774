"""Simple steps on rows of features, in compiled code.

Assignments to slices would do the same, but numba's check their shapes and take seconds to compile.
Rows go by their array and index: a view of each would be counted as a reference, which is slow.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from models.compiling.compiler import LANES, inner
from models.network.compiled.kernels.activation import fma
from models.network.compiled.kernels.tile import SIZE, load, matrix, spread_number, store


@inner
def copy_row(source: Any, i: Any, target: Any, j: Any, column: Any) -> None:
    """Write row i of the source to row j of the target from a column on."""
    for k in range(source.shape[1]):
        target[j, column + k] = source[i, k]


@inner
def copy_rows(source: Any, target: Any, column: Any) -> None:
    """Write rows to others from a column on."""
    for row in range(len(source)):
        copy_row(source, row, target, row, column)


@inner
def spread(source: Any, index: Any, target: Any) -> None:
    """Write to each row of the target the row of the source that its index names."""
    for row in range(len(index)):
        copy_row(source, index[row], target, row, 0)


@inner
def clear(values: Any) -> None:
    """Write zeros."""
    for row in range(len(values)):
        for k in range(values.shape[1]):
            values[row, k] = 0


@intrinsic  # type: ignore[untyped-decorator]
def _combine(_: Any, one: Any, i: Any, other: Any, j: Any, scale: Any, total: Any, k: Any) -> Any:
    """Write row i of one array and the scaled row j of another, added, to row k of a third.

    Widths are multiples of LANES. In a loop over single numbers the compiler cannot know that the
    arrays are not one, and takes no vectors.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        first, second, result = (
            matrix(context, builder, signature.args[at], arguments[at]) for at in (0, 2, 5)
        )
        factor = spread_number(builder, arguments[4])
        lanes = ir.Constant(SIZE, LANES)
        with cgutils.for_range(builder, builder.udiv(first.width, lanes)) as loop:
            column = builder.mul(loop.index, lanes)
            addend = load(builder, first.place(builder, arguments[1], column))
            scaled = load(builder, second.place(builder, arguments[3], column))
            place = result.place(builder, arguments[6], column)
            store(builder, fma(builder, factor, scaled, addend), place)
        return context.get_dummy_value()

    index, number = types.intp, types.float32
    return types.void(one, index, other, index, number, total, index), emit


@inner
def add_rows(values: Any, n: Any, total: Any) -> None:
    """Add the first n rows to others."""
    for row in range(n):
        _combine(total, row, values, row, np.float32(1), total, row)


@inner
def collect(values: Any, scale: Any, n: Any, index: Any, total: Any) -> None:
    """Add the first n rows, scaled, to those that their indices name."""
    for row in range(n):
        _combine(total, index[row], values, row, scale[row], total, index[row])


@inner
def gather_pairs(one: Any, first: Any, other: Any, second: Any, n: Any, total: Any) -> None:
    """Write n sums of two rows, those that the indices in `first` and `second` name."""
    for row in range(n):
        _combine(one, first[row], other, second[row], np.float32(1), total, row)
