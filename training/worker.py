"""A process that trains members: one core, reports to its parent, an end with it."""

import logging
import os
import signal
import threading
import time
from multiprocessing.queues import SimpleQueue

import tensorflow as tf

from training.config import Preset
from training.fit.member import train_member
from training.fit.network.checkpoint import EpochRecord
from training.progress import EpochReport
from training.run import TrainingRun
from training.stages import Stage

_reports: list[
    "SimpleQueue[EpochReport | None]"
] = []  # to the parent; set once, when a worker starts


def prepare_worker(preset: Preset, parent: int, reports: "SimpleQueue[EpochReport | None]") -> None:
    """Give this process one core: members, not operations, run side by side."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if preset.deterministic:
        tf.config.experimental.enable_op_determinism()
    _reports.append(reports)


def train_in_worker(stage: Stage, number: int, run: TrainingRun) -> None:
    """Train the member of this stage and split, or what is left of it."""

    def report(record: EpochRecord) -> None:
        for queue in _reports:
            queue.put(EpochReport(stage.name, number, record))

    train_member(stage, number, run, report)


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has gone: a resumed run must not meet it at work."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
