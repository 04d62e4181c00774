"""What makes the service start fast."""

import gc
import os
import subprocess
import sys

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from app.startup import (
    linear_algebra_in_one_thread,
    without_collection,
    without_native_messages,
)
from tests.app.conftest import serving

PROBE = """
import sys
from app.startup import import_tensorflow
import_tensorflow()
assert "keras" not in sys.modules, "Keras was imported, or its absence is not taken back"
import tensorflow as tf
assert tf.config.threading.get_intra_op_parallelism_threads() == 1
assert float(tf.reduce_sum(tf.constant([1.0, 2.0]))) == 3.0
"""


def test_tensorflow_comes_without_keras():
    environment = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
    subprocess.run([sys.executable, "-c", PROBE], check=True, env=environment)


def test_what_a_start_makes_is_left_out_of_collections():
    before = gc.get_freeze_count()
    with without_collection():
        assert not gc.isenabled()
        made: list[object] = [[] for _ in range(1000)]
    frozen = gc.get_freeze_count() - before
    gc.unfreeze()
    assert gc.isenabled()
    assert frozen >= len(made)


def test_a_start_that_fails_leaves_the_collector_as_it_was():
    before = gc.get_freeze_count()
    with pytest.raises(ArithmeticError), without_collection():
        raise ArithmeticError
    assert gc.isenabled()
    assert gc.get_freeze_count() == before


def test_an_app_that_ends_leaves_nothing_out(settings, ensemble):
    with serving(settings, ensemble):
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0


def test_native_messages_are_held_back(capfd):
    with without_native_messages():
        os.write(2, b"no GPU\n")
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == "afterwards\n"


def test_native_messages_come_with_an_exception(capfd):
    @without_native_messages()
    def fail():
        os.write(2, b"out of memory\n")
        raise MemoryError

    with pytest.raises(MemoryError):
        fail()
    assert capfd.readouterr().err == "out of memory\n"


def test_linear_algebra_runs_in_the_thread_that_asks_for_it():
    with threadpool_limits(2, user_api="blas"):  # gives back what was before
        linear_algebra_in_one_thread()
        found = [each for each in threadpool_info() if each["user_api"] == "blas"]
        assert found
        assert {each["num_threads"] for each in found} == {1}
