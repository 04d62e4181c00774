"""Types of command-line arguments, whose refusals argparse prints."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TypeVar

N = TypeVar("N", int, float)


def positive_int(text: str) -> int:
    """Return a whole number above zero. Raises ArgumentTypeError."""
    return _positive(text, int, "a whole number")


def positive_float(text: str) -> float:
    """Return a finite number above zero. Raises ArgumentTypeError."""
    return _positive(text, float, "a number")


def _positive(text: str, kind: Callable[[str], N], wanted: str) -> N:
    try:
        number = kind(text)
    except ValueError:
        number = kind("0")
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f"{text!r} is not {wanted} above zero")
    return number
