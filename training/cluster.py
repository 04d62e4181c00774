"""Members trained by the nodes of a Ray cluster; they share the folders of data and run."""

import logging
import os
import threading
from concurrent.futures import Future
from functools import cache
from multiprocessing.queues import SimpleQueue
from typing import Self

import ray
import tensorflow as tf
from ray.util.queue import Queue

from training.fit.member import train_member
from training.fit.network.checkpoint import EpochRecord
from training.progress import EpochReport
from training.run import TrainingRun
from training.stages import Stage


class Cluster:
    """Tasks of one core on the cluster at an address; one of a lost node resumes on another."""

    def __init__(self, address: str, reports: "SimpleQueue[EpochReport | None]") -> None:
        self._address = address
        self._reports = reports

    def __enter__(self) -> Self:
        os.environ.setdefault("RAY_worker_niceness", "0")  # as urgent as other processes
        ray.init(self._address, log_to_driver=False, logging_level=logging.ERROR)
        self._queue = Queue()
        self._task = ray.remote(_train).options(num_cpus=1, max_retries=-1)
        threading.Thread(target=self._pass_on, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        ray.shutdown()

    def submit(self, stage: Stage, number: int, run: TrainingRun) -> "Future[None]":
        """Return the future end of a member's training."""
        future: Future[None] = self._task.remote(stage, number, run, self._queue).future()
        return future

    def _pass_on(self) -> None:
        """Pass reports on to this process until the cluster is left."""
        while True:
            try:
                self._reports.put(self._queue.get())
            except (ray.exceptions.RayError, OSError):
                return


def _train(stage: Stage, number: int, run: TrainingRun, queue: Queue) -> None:
    _prepare(deterministic=run.preset.deterministic)

    def report(record: EpochRecord) -> None:
        queue.put(EpochReport(stage.name, number, record))

    train_member(stage, number, run, report)


@cache
def _prepare(*, deterministic: bool) -> None:
    """Give this process one core, as the workers of one machine have."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
