"""Training of an ensemble's nine members, and of the stages before it, in parallel."""

import json
import logging
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed

from models.errors import DataError
from training.config import as_dict
from training.fit.context import member_context
from training.fit.frozen.processes import train_covariance
from training.fit.member import embedding
from training.progress import TrainingProgress
from training.run import TrainingRun
from training.worker import prepare_worker, train_in_worker

logger = logging.getLogger(__name__)


def train_ensemble(name: str, run: TrainingRun, workers: int) -> None:
    """Train the ensemble `name` and the stages before it; members that are finished are kept.

    Raises DataError for an unknown name, and when `run.run_dir` holds a run with other settings.
    """
    chain = run.chain(name)
    _write_config(run)
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    with (
        TrainingProgress(chain, run, context) as progress,
        ProcessPoolExecutor(
            workers,
            mp_context=context,
            initializer=prepare_worker,
            initargs=(run.preset, os.getpid(), progress.queue),
        ) as pool,
    ):
        try:
            for stage in chain:
                if run.preset.has_process(stage.name, stage.dataset):
                    first = member_context(stage, run.splits[0], run)
                    train_covariance(first, embedding(first))
                futures = [pool.submit(train_in_worker, stage, n, run) for n in run.splits]
                for future in as_completed(futures):
                    future.result()
                logger.info("%s: all %d members are trained", stage.name, len(futures))
        except BaseException:
            _stop(pool)
            raise


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the workers at once; their checkpoints are whole."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.terminate()


def _write_config(run: TrainingRun) -> None:
    run.run_dir.mkdir(parents=True, exist_ok=True)
    path = run.run_dir / "config.json"
    text = json.dumps(as_dict(run.preset), indent=2)
    if path.is_file() and path.read_text() != text:
        raise DataError(
            f"{run.run_dir} holds a run with other settings ({path}); "
            "choose another --run folder, or remove this one."
        )
    path.write_text(text)
