"""Training of an ensemble's nine members, and of the stages before it, in parallel."""

import json
import logging
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import ValidationError

from models.errors import DataError
from training.config import Preset, as_dict, preset_of
from training.progress import TrainingProgress
from training.run import TrainingRun
from training.stages import Stage
from training.worker import prepare_worker, train_in_worker

logger = logging.getLogger(__name__)

# Members, not operations, run side by side. Freed memory is kept by the process: getting arrays of
# tens of megabytes from the system in each step takes longer than computing with them.
WORKER_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**36),
}
Submit = Callable[[Stage, int, TrainingRun], "Future[None]"]


def train_ensemble(name: str, run: TrainingRun, workers: int, cluster: str | None = None) -> None:
    """Train the ensemble `name` and the stages before it; members that are finished are kept.

    Members are trained by `workers` processes, or on the Ray cluster at the address `cluster`.
    Raises DataError for an unknown name, and when `run.run_dir` holds a run with other settings.
    """
    chain = run.chain(name)
    _write_config(run)
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    with ExitStack() as stack:
        progress = stack.enter_context(TrainingProgress(chain, run, context))
        submit = stack.enter_context(
            _cluster(cluster, progress) if cluster else _workers(workers, run, progress)
        )
        for stage in chain:
            futures = [submit(stage, n, run) for n in run.splits]
            for future in as_completed(futures):
                future.result()
            logger.info("%s: all %d members are trained", stage.name, len(futures))


@contextmanager
def _workers(count: int, run: TrainingRun, progress: TrainingProgress) -> Iterator[Submit]:
    """Give a function that trains a member in one of `count` processes."""
    for name, value in WORKER_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    with ProcessPoolExecutor(
        count,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=prepare_worker,
        initargs=(run.preset, os.getpid(), progress.queue),
    ) as pool:
        try:
            yield lambda stage, number, run: pool.submit(train_in_worker, stage, number, run)
        except BaseException:
            _stop(pool)
            raise


@contextmanager
def _cluster(address: str, progress: TrainingProgress) -> Iterator[Submit]:
    """Give a function that trains a member on a Ray cluster. Raises DataError without Ray."""
    try:
        from training.cluster import Cluster  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise DataError(f"--ray needs {error.name}; pip install 'paraisite[ray]'.") from error
    with Cluster(address, progress.queue) as cluster:
        yield cluster.submit


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the workers at once; their checkpoints are whole."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.terminate()


def _write_config(run: TrainingRun) -> None:
    run.run_dir.mkdir(parents=True, exist_ok=True)
    path = run.run_dir / "config.json"
    if path.is_file() and _read_config(path) != run.preset:
        raise DataError(
            f"{run.run_dir} holds a run with other settings ({path}); "
            "choose another --run folder, or remove this one."
        )
    path.write_text(json.dumps(as_dict(run.preset), indent=2))


def _read_config(path: Path) -> Preset | None:
    """Return the preset of a run; settings it was written before are as they were: the default."""
    try:
        return preset_of(path.read_bytes())
    except ValidationError:
        return None
