import pytest

from models.errors import DataError
from training.fetch.retries import RetryPolicy, TransientError, with_retries


def test_delay_doubles_within_its_jitter_up_to_the_longest():
    policy = RetryPolicy(first_delay=1.0, longest_delay=6.0)
    delays = [policy.delay(attempt) for attempt in (1, 2, 3, 4, 5)]
    for delay, full in zip(delays, (1.0, 2.0, 4.0, 8.0, 16.0), strict=True):
        assert min(full / 2, 6.0) <= delay <= min(full, 6.0)


def test_delay_is_what_the_server_asks_within_reason():
    policy = RetryPolicy(first_delay=1.0, longest_delay=60.0)
    assert policy.delay(1, retry_after=30.0) == 30.0
    assert policy.delay(1, retry_after=3600.0) == 60.0


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
