import pytest

from models.errors import DataError
from training.fetch.retries import RetryPolicy, TransientError, with_retries


def waits(policy, faults):
    """Return the waits of a call that fails with these faults, then answers."""
    left = [*faults]
    slept: list[float] = []

    def call():
        if left:
            raise left.pop(0)

    with_retries(call, policy, slept.append)
    return slept


def test_waits_double_within_their_jitter_up_to_the_longest():
    policy = RetryPolicy(attempts=6, first_delay=2.0, longest_delay=12.0)
    found = waits(policy, [TransientError("busy")] * 5)
    for wait, full in zip(found, (2.0, 4.0, 8.0, 16.0, 32.0), strict=True):
        assert min(full, 12.0) <= wait <= min(full + 2.0, 12.0)


def test_waits_are_what_the_server_asks_within_reason():
    policy = RetryPolicy(first_delay=1.0, longest_delay=60.0)
    faults = [TransientError("busy", 30.0), TransientError("busy", 3600.0)]
    assert waits(policy, faults) == [30.0, 60.0]


def test_asks_again_until_it_answers():
    answers = [TransientError("busy", 7.0), TransientError("busy"), 42]
    slept: list[float] = []

    def ask():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert with_retries(ask, RetryPolicy(attempts=3, first_delay=1.0), slept.append) == 42
    assert slept[0] == 7.0
    assert len(slept) == 2


def test_gives_up_with_the_last_fault():
    def ask():
        raise TransientError("the line is dead")

    slept: list[float] = []
    with pytest.raises(DataError, match="after 3 attempts: the line is dead"):
        with_retries(ask, RetryPolicy(attempts=3), slept.append)
    assert len(slept) == 2
