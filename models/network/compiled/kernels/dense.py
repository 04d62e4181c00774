"""Dense layers with their activation, in compiled code."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from models.compiling.compiler import LANES, TILE_ROWS, WIDEST, inner
from models.network.compiled.kernels.activation import (
    FLOAT,
    distance,
    linear,
    matern,
    relu,
    silu,
    softplus,
)
from models.network.compiled.kernels.tile import (
    SIZE,
    Activation,
    Addition,
    Matrix,
    load,
    matrix,
    product,
    squared_difference,
    store,
    tile_function,
    written_once,
)

NARROWEST = 16  # columns: widths of layers are multiples of it


def _make_dense(activation: Activation, add: Addition = product) -> Any:
    """Return a compiled function that computes the first n rows of a layer's output.

    It takes (inputs [>= n, depth], n, kernel [depth, width], start, step, out [>= n, width]).
    `start` are sums to start from: [>= n, width], which may be `out`, with a step of one from row
    to row, or a bias [1, width] with a step of zero. The width is a multiple of NARROWEST.
    """

    @intrinsic  # type: ignore[untyped-decorator]
    def dense(_: Any, inputs: Any, n: Any, kernel: Any, start: Any, step: Any, out: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            x, w, first, y = (
                matrix(context, builder, signature.args[at], arguments[at]) for at in (0, 2, 3, 5)
            )
            function = _function(builder.module, add, activation)
            step = builder.mul(arguments[4], w.width)
            places = [x.data, w.data, first.data, y.data]
            builder.call(function, [*places, x.width, w.width, step, arguments[1]])
            return context.get_dummy_value()

        return types.void(inputs, types.intp, kernel, start, types.intp, out), emit

    return dense


def _function(module: Any, add: Addition, activation: Activation) -> Any:
    """Return the function in a module that computes a layer, tile by tile."""
    kind = ir.FunctionType(ir.VoidType(), [FLOAT.as_pointer()] * 4 + [SIZE] * 4)

    def write(builder: Any, arguments: Any) -> None:
        width, column = arguments[5], ir.Constant(SIZE, 0)
        for vectors in (WIDEST, WIDEST // 2, WIDEST // 4):
            if vectors * LANES >= NARROWEST:
                columns = ir.Constant(SIZE, vectors * LANES)
                count = builder.udiv(builder.sub(width, column), columns)
                with cgutils.for_range(builder, count) as loop:
                    place = builder.add(column, builder.mul(loop.index, columns))
                    _write_strip(builder, arguments, place, vectors, add, activation)
                column = builder.add(column, builder.mul(count, columns))

    return written_once(module, f"dense_{add.__name__}_{activation.__name__}", kind, write)


def _write_strip(
    builder: Any, arguments: Any, column: Any, vectors: int, add: Addition, activation: Activation
) -> None:
    """Write what computes a few columns: tiles of many rows, then single rows."""
    x, w, first, y, depth, width, step, n = arguments
    zero, row = ir.Constant(SIZE, 0), ir.Constant(SIZE, 0)
    for rows in (TILE_ROWS, 1):
        tile = tile_function(builder.module, rows, vectors, add, activation)
        count = builder.udiv(builder.sub(n, row), ir.Constant(SIZE, rows))
        with cgutils.for_range(builder, count) as loop:
            at = builder.add(row, builder.mul(loop.index, ir.Constant(SIZE, rows)))
            places = [
                Matrix(x, depth).place(builder, at, zero),
                Matrix(w, width).place(builder, zero, column),
                Matrix(first, step).place(builder, at, column),
                Matrix(y, width).place(builder, at, column),
            ]
            builder.call(tile, [*places, depth, width, step])
        row = builder.mul(count, ir.Constant(SIZE, rows))


def _make_replacing(activation: Activation) -> Any:
    """Return a compiled function that replaces the first n rows of an array by their activation."""

    @intrinsic  # type: ignore[untyped-decorator]
    def replace(_: Any, values: Any, row: Any, column: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = matrix(context, builder, signature.args[0], arguments[0])
            place = array.place(builder, arguments[1], arguments[2])
            store(builder, activation(builder, load(builder, place)), place)
            return context.get_dummy_value()

        return types.void(values, row, column), emit

    @inner
    def replace_all(values: Any, n: Any) -> None:
        for row in range(n):
            for column in range(0, values.shape[1], LANES):
                replace(values, row, column)

    return replace_all


dense_linear, dense_relu, dense_softplus = map(_make_dense, (linear, relu, softplus))
dense_silu = _make_dense(silu)
square_distances = _make_dense(linear, squared_difference)
to_softplus, to_silu = map(_make_replacing, (softplus, silu))
to_distance, to_matern = map(_make_replacing, (distance, matern))
