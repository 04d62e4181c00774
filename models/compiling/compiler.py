"""How functions are compiled, and for which processors.

Code is compiled for a class of processors rather than for the one at hand, so that it can be kept:
an image brings it along, and it runs on any machine of the class.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from llvmlite import binding
from numba import njit
from numba.core import config

from models.compiling.cache import Locator

Function = TypeVar("Function", bound=Callable[..., Any])

# x86-64-v4 has registers of 512 bits, v3 of 256; LLVM would use half of the former.
CLASSES = {"x86-64-v4": "-prefer-256-bit", "x86-64-v3": ""}
TELLING = {
    "x86-64-v4": ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"),
    "x86-64-v3": ("avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"),
}


def processor() -> str | None:
    """Return the class of this machine's processor; None where it is none of `CLASSES`."""
    features = binding.get_host_cpu_features()
    return next((c for c in CLASSES if all(features.get(f) for f in TELLING[c])), None)


def _target() -> str | None:
    """Return the class compiled for; numba's own setting comes before the machine's."""
    if config.CPU_NAME is None and (name := processor()):
        config.CPU_NAME, config.CPU_FEATURES = name, CLASSES[name]
    target: str | None = config.CPU_NAME
    return target


_IS_WIDE = _target() == "x86-64-v4"
LANES = 16 if _IS_WIDE else 8  # single-precision numbers in a vector
WIDEST = 4 if _IS_WIDE else 2  # vectors in a row of a tile
TILE_ROWS = 6  # so its sums fill three quarters of the registers: 24 of 32, or 12 of 16


def entry(function: Function) -> Function:
    """Return a function that Python calls, compiled, outside its lock, and kept on disk."""
    with _kept_by(Locator):
        compiled: Function = njit(nogil=True, cache=True)(function)
    return compiled


@contextmanager
def _kept_by(locator: type) -> Iterator[None]:
    """Let numba keep code where this locator says."""
    before = config.CACHE_LOCATOR_CLASSES
    config.CACHE_LOCATOR_CLASSES = f"{locator.__module__}.{locator.__qualname__}"
    try:
        yield
    finally:
        config.CACHE_LOCATOR_CLASSES = before


def inner(function: Function) -> Function:
    """Return a function that only compiled code calls, compiled.

    Wrappers for calls from Python would be half of the time to compile.
    """
    compiled: Function = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)
    return compiled


def inlined(function: Function) -> Function:
    """Return a function that becomes part of its callers.

    Whatever holds layers would be compiled with all of them once more.
    """
    compiled: Function = njit(inline="always")(function)
    return compiled
