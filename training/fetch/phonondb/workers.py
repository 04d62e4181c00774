"""Archives fetched and computed by one process a core."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from multiprocessing import active_children, get_context

from models.cores import prepare_worker
from models.errors import DataError
from training.fetch.download import Downloader, NotFound
from training.fetch.labelled import Labelled
from training.fetch.phonondb.force_set import labelled
from training.fetch.phonondb.index import Calculation
from training.fetch.retries import RetryPolicy
from training.fetch.row_file import Dropped

ONE_THREAD = {"RAYON_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # of phonopy, of NumPy


def compute(
    calculations: Sequence[Calculation], policy: RetryPolicy, n_workers: int
) -> Iterator[Labelled | Dropped]:
    """Yield the labels of each calculation, or why there are none, as they are done.

    Raises DataError where the server refuses or keeps failing; the workers then end at once.
    """
    with _pool(n_workers) as pool:
        futures: list[Future[Labelled | Dropped]] = [
            pool.submit(_computed, calculation, policy) for calculation in calculations
        ]
        for future in as_completed(futures):
            yield future.result()


@contextmanager
def _pool(n_workers: int) -> Iterator[ProcessPoolExecutor]:
    os.environ.update(ONE_THREAD)  # workers inherit it: they, not threads, run side by side
    with ProcessPoolExecutor(n_workers, get_context("spawn"), prepare_worker) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                process.terminate()
            raise


def _computed(calculation: Calculation, policy: RetryPolicy) -> Labelled | Dropped:
    try:
        archive = _downloader(policy).parsed(calculation.url, bytes)
        return labelled(calculation, archive)
    except NotFound as error:
        return Dropped(material_id=calculation.material_id, reason=str(error))
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever readers raise is this crystal's alone
        reason = f"{type(error).__name__}: {error}"
        return Dropped(material_id=calculation.material_id, reason=reason)


@cache
def _downloader(policy: RetryPolicy) -> Downloader:
    return Downloader(policy)
