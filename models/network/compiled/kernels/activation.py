"""Activations as LLVM vector instructions, to put behind a product while it is in registers."""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from models.compiling.compiler import LANES
from models.network.architecture import OVERFLOW

FLOAT, INTEGER = ir.FloatType(), ir.IntType(32)
FLOATS, INTEGERS = ir.VectorType(FLOAT, LANES), ir.VectorType(INTEGER, LANES)
LOG2_E = 1.4426950408889634
SMALLEST_EXPONENT = -126.0  # of a single-precision number that is not denormal
TO_INTEGER = 1.5 * 2**23  # added, a single-precision number loses its fraction
MANTISSA_BITS = 23
# Minimax polynomials, highest power first: 2^f for |f| <= 1/2, relative error 9e-8, and
# log(1 + t) / t for 0 <= t <= 1, where log(1 + t) has an absolute error of 3e-8.
POWER_OF_2 = (
    0.0013264727490448604,
    0.009671512641762496,
    0.05550733742307214,
    0.24022242085357745,
    0.6931469775997531,
    1.0,
)
LOG_1_PLUS = (
    -0.006447504686954074,
    0.03606514756499109,
    -0.09529290039421284,
    0.16762459451524023,
    -0.24072079598006535,
    0.33179599937099824,
    -0.4998738064908031,
    0.999996415201931,
)


def linear(_: Any, values: Any) -> Any:
    """Return the values as they are."""
    return values


def relu(builder: Any, values: Any) -> Any:
    """Return max(x, 0)."""
    return _call(builder, "maxnum", values, _constant(0.0))


def softplus(builder: Any, values: Any) -> Any:
    """Return log(exp(x) + 1) = max(x, 0) + log(1 + exp(-|x|)) to 2e-7, at most OVERFLOW."""
    bounded = _call(builder, "minnum", values, _constant(OVERFLOW))
    size = _call(builder, "fabs", bounded)
    power = _exp2(builder, builder.fmul(size, _constant(-LOG2_E)))
    positive = relu(builder, bounded)
    return fma(builder, power, _polynomial(builder, power, LOG_1_PLUS), positive)


def silu(builder: Any, values: Any) -> Any:
    """Return x / (1 + exp(-x)) as x, or x exp(x) if it is negative, over 1 + exp(-|x|)."""
    size = _call(builder, "fabs", values)
    power = _exp2(builder, builder.fmul(size, _constant(-LOG2_E)))
    positive = builder.fcmp_ordered(">=", values, _constant(0.0))
    above = builder.select(positive, values, builder.fmul(values, power))
    return builder.fdiv(above, builder.fadd(power, _constant(1.0)))


def distance(builder: Any, squares: Any) -> Any:
    """Return the roots of squared distances, which rounding may make negative."""
    return _call(builder, "sqrt", relu(builder, squares))


def matern(builder: Any, distances: Any) -> Any:
    """Return the Matern function (nu = 3/2): (1 + x) exp(-x), x = sqrt(3) distance."""
    scaled = builder.fmul(distances, _constant(3**0.5))
    factor = builder.fadd(scaled, _constant(1.0))
    return builder.fmul(factor, _exp2(builder, builder.fmul(scaled, _constant(-LOG2_E))))


def _exp2(builder: Any, exponent: Any) -> Any:
    """Return 2^x for x <= 0."""
    bounded = _call(builder, "maxnum", exponent, _constant(SMALLEST_EXPONENT))
    shifted = builder.fadd(bounded, _constant(TO_INTEGER))
    whole = builder.fsub(shifted, _constant(TO_INTEGER))
    rest = builder.fsub(bounded, whole)
    power = _polynomial(builder, rest, POWER_OF_2)
    raised = builder.shl(builder.bitcast(shifted, INTEGERS), _constant(MANTISSA_BITS, INTEGERS))
    return builder.bitcast(builder.add(builder.bitcast(power, INTEGERS), raised), FLOATS)


def _polynomial(builder: Any, x: Any, coefficients: Sequence[float]) -> Any:
    value = _constant(coefficients[0])
    for coefficient in coefficients[1:]:
        value = fma(builder, value, x, _constant(coefficient))
    return value


def _constant(value: float, kind: Any = FLOATS) -> Any:
    return ir.Constant(kind, [value] * LANES)


def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a b + c, in one instruction where the machine has it."""
    return _call(builder, "fmuladd", a, b, c)


def _call(builder: Any, name: str, *arguments: Any) -> Any:
    kind = ir.FunctionType(FLOATS, [FLOATS] * len(arguments))
    intrinsic = f"llvm.{name}.v{LANES}f32"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, intrinsic), arguments)
