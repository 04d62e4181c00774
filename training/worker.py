"""A process that trains members: one core, and an end with its parent."""

import logging
import os
import threading
import time

import tensorflow as tf

from training.config import Preset


def prepare_worker(preset: Preset, parent: int) -> None:
    """Give this process one core: members, not operations, run side by side."""
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if preset.deterministic:
        tf.config.experimental.enable_op_determinism()


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has gone: a resumed run must not meet it at work."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
