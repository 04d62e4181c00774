"""Numbers on the command line."""

from argparse import ArgumentTypeError

import pytest

from models.arguments import positive_float, positive_int


def test_numbers_above_zero():
    assert positive_int("12") == 12
    assert positive_float("0.5") == 0.5


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", ""])
def test_what_is_no_whole_number_above_zero(text):
    with pytest.raises(ArgumentTypeError, match=f"'{text}' is not a whole number above zero"):
        positive_int(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", ""])
def test_what_is_no_number_above_zero(text):
    with pytest.raises(ArgumentTypeError, match=f"'{text}' is not a number above zero"):
        positive_float(text)
