"""A register tile of a dense layer as LLVM vector instructions.

A compiler does not keep a tile of sums in registers by itself, and an activation that runs while
they still lie there costs no second pass over memory. Vectors of LLVM suit any machine; numba's
`intrinsic` puts them into a compiled function as they are.

Every row is summed in the same order, whatever rows it is computed with.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import cgutils
from numba.np.arrayobj import make_array

from models.compiling.compiler import LANES
from models.network.compiled.kernels.activation import FLOAT, FLOATS, fma

Activation = Callable[[Any, Any], Any]
Addition = Callable[[Any, Any, Any, Any], Any]
SIZE = ir.IntType(64)
ALIGNED = 4  # bytes: what a vector in memory is sure to be aligned to


class Matrix(NamedTuple):
    """A row-major array in compiled code: a pointer to its first number, and its width."""

    data: Any
    width: Any

    def place(self, builder: Any, row: Any, column: Any) -> Any:
        """Return a pointer to an element."""
        offset = builder.add(builder.mul(row, self.width), column)
        return builder.gep(self.data, [offset])


def matrix(context: Any, builder: Any, kind: Any, value: Any) -> Matrix:
    """Return numba's array [rows, columns] as a matrix."""
    array = make_array(kind)(context, builder, value)
    return Matrix(array.data, cgutils.unpack_tuple(builder, array.shape, 2)[1])


def load(builder: Any, place: Any, index: int = 0) -> Any:
    """Return the vector that is `index` vectors after a place."""
    return builder.load(_vector(builder, place, index), align=ALIGNED)


def store(builder: Any, value: Any, place: Any, index: int = 0) -> None:
    """Write the vector that is `index` vectors after a place."""
    builder.store(value, _vector(builder, place, index), align=ALIGNED)


def _vector(builder: Any, place: Any, index: int) -> Any:
    start = builder.gep(place, [ir.Constant(SIZE, index * LANES)])
    return builder.bitcast(start, FLOATS.as_pointer())


def spread_number(builder: Any, number: Any) -> Any:
    """Return a vector of one number."""
    undefined = ir.Constant(FLOATS, ir.Undefined)
    index = ir.Constant(ir.IntType(32), 0)
    single = builder.insert_element(undefined, number, index)
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(single, undefined, lanes)


def product(builder: Any, value: Any, weights: Any, total: Any) -> Any:
    """Return what a dense layer sums."""
    return fma(builder, value, weights, total)


def squared_difference(builder: Any, value: Any, weights: Any, total: Any) -> Any:
    """Return what a squared distance sums."""
    difference = builder.fsub(value, weights)
    return fma(builder, difference, difference, total)


def tile_function(
    module: Any, rows: int, vectors: int, add: Addition, activation: Activation
) -> Any:
    """Return the function in a module that fills `rows` x (`vectors` * LANES) of a layer's output.

    It takes pointers to the first input, kernel, sum to start from, and output of the tile; depth
    and width of the kernel; and the step from row to row of the sums to start from.
    """
    name = f"tile_{rows}_{vectors}_{add.__name__}_{activation.__name__}"
    kind = ir.FunctionType(ir.VoidType(), [FLOAT.as_pointer()] * 4 + [SIZE] * 3)

    def write(builder: Any, arguments: Any) -> None:
        _Tile(builder, rows, vectors, *arguments).emit(add, activation)

    return written_once(module, name, kind, write)


def written_once(module: Any, name: str, kind: Any, write: Callable[[Any, Any], None]) -> Any:
    """Return a function of a module, which `write` writes where the module does not have it."""
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, kind, name)
    function.linkage = "linkonce_odr"  # other modules have the same
    function.attributes.add("noinline")  # copies at every call take minutes to compile
    builder = ir.IRBuilder(function.append_basic_block())
    write(builder, function.args)
    builder.ret_void()
    return function


class _Tile:
    """One tile, as the instructions that compute it."""

    def __init__(
        self,
        builder: Any,
        rows: int,
        vectors: int,
        inputs: Any,
        kernel: Any,
        start: Any,
        out: Any,
        depth: Any,
        width: Any,
        step: Any,
    ) -> None:
        self._builder = builder
        self._rows, self._vectors = range(rows), range(vectors)
        self._inputs, self._kernel = Matrix(inputs, depth), Matrix(kernel, width)
        self._start, self._out = Matrix(start, step), Matrix(out, width)
        self._depth = depth

    def emit(self, add: Addition, activation: Activation) -> None:
        """Write the tile's instructions."""
        sums = self._started()
        with cgutils.for_range(self._builder, self._depth) as loop:
            self._add(sums, loop.index, add)
        for r in self._rows:
            place = self._place(self._out, r, 0)
            for v in self._vectors:
                value = activation(self._builder, self._builder.load(sums[r][v]))
                store(self._builder, value, place, v)

    def _started(self) -> list[list[Any]]:
        """Return variables for the sums, which the compiler turns into registers."""
        sums = []
        for r in self._rows:
            place = self._place(self._start, r, 0)
            values = [load(self._builder, place, v) for v in self._vectors]
            sums.append([cgutils.alloca_once_value(self._builder, value) for value in values])
        return sums

    def _add(self, sums: list[list[Any]], k: Any, add: Addition) -> None:
        place = self._kernel.place(self._builder, k, ir.Constant(SIZE, 0))
        weights = [load(self._builder, place, v) for v in self._vectors]
        for r in self._rows:
            number = self._builder.load(self._place(self._inputs, r, k))
            spread = spread_number(self._builder, number)
            for v in self._vectors:
                total = add(self._builder, spread, weights[v], self._builder.load(sums[r][v]))
                self._builder.store(total, sums[r][v])

    def _place(self, values: Matrix, row: int, column: Any) -> Any:
        if isinstance(column, int):
            column = ir.Constant(SIZE, column)
        return values.place(self._builder, ir.Constant(SIZE, row), column)
