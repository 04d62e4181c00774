import numpy as np
import pytest

from models.prediction.statistics import summarise


def test_summary_of_known_members():
    _, summary = summarise(np.array([[1.0, 1.0, 1.0, 1.0], [4.0, 1.0, 2.0, 9.0]]))
    assert summary.mean == 4
    assert summary.std == pytest.approx(np.sqrt((0 + 9 + 4 + 25) / 4))
    assert summary.median == 3
    assert (summary.min, summary.max) == (1, 9)
    assert summary.members == (4, 1, 2, 9)


def test_one_member_has_no_spread():
    (summary,) = summarise(np.array([[7.5]]))
    assert (summary.mean, summary.std, summary.median) == (7.5, 0, 7.5)


def test_members_that_agree_have_no_spread():
    assert summarise(np.full((1, 9), 0.01))[0].std == pytest.approx(0, abs=1e-15)


def test_values_are_plain_numbers():
    (summary,) = summarise(np.arange(1.0, 10.0)[None])
    assert {type(value) for value in (summary.mean, summary.std, *summary.members)} == {float}
