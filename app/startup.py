"""Settings of the process for a fast start and even latency: TensorFlow, threads, memory."""

import contextlib
import ctypes
import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import cast

from threadpoolctl import threadpool_limits

KERAS = "keras"


def import_tensorflow() -> None:
    """Import TensorFlow for the service: on the CPU, without Keras, a forward pass in one thread.

    TensorFlow imports Keras in passing, for its tables of layers, and goes on without it where it
    is not installed; nothing here needs it, and it is half of the time. Operations on features of
    a few crystals are too short to be shared out, or to be handed to other threads: a forward pass
    stays in the thread that asks for it, and several run side by side.
    """
    if "tensorflow" in sys.modules:
        return
    # TensorFlow reads these once: no search for a GPU, no start-up chatter.
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _missing(KERAS):
        import tensorflow as tf  # noqa: PLC0415 - takes seconds
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(-1)  # in the caller's thread


@contextlib.contextmanager
def _missing(name: str) -> Iterator[None]:
    """Let a module look as if it were not installed, unless it has been imported already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = cast("ModuleType", None)  # what import takes for "there is none"
    try:
        yield
    finally:
        del sys.modules[name]


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Do without the garbage collector, and leave what is there then out of all collections.

    A start makes half a million objects that stay. Looking through them again and again takes
    a second while they are made, and stops every request for a third of a second later. What a
    start leaves behind as garbage is a few thousand objects, not worth such a look.
    """
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def linear_algebra_in_one_thread() -> None:
    """Let products of numpy and scipy run in the thread that asks for them.

    Those of a few crystals are too short to be shared out: threads of several workers that wait for
    each other take twice the time.
    """
    threadpool_limits(1, user_api="blas")


def give_back_memory() -> None:
    """Give memory that is free back to the system, where the C library does so on demand.

    Loading leaves 60 MB that nothing uses: weights as they were in their files.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


@contextlib.contextmanager
def without_native_messages() -> Iterator[None]:
    """Hold back what compiled code writes to standard error; an exception lets it through.

    On a machine without a GPU TensorFlow says three times there that it found none, before it reads
    any setting that could keep it from doing so.
    """
    if sys.stderr is None:
        yield
        return
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(shown, held.read())
            raise
        finally:
            os.dup2(shown, 2)
            os.close(shown)
