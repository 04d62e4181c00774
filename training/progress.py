"""Progress of a training over its worker processes, with the total time left."""

import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.context import BaseContext
from multiprocessing.queues import SimpleQueue
from typing import Any, NamedTuple, Self

from tqdm import tqdm

from training.data.datasets import count_rows
from training.fit.network.checkpoint import MEMBER_FILE, EpochRecord
from training.run import TrainingRun
from training.stages import Stage

LOG_SECONDS = 10.0  # between two lines where standard error is no terminal


class EpochReport(NamedTuple):
    """A member's epoch, as its worker reports it."""

    stage: str
    number: int
    record: EpochRecord


class TrainingProgress:
    """A bar of all epochs of all stages, in crystals; workers report to its `queue`.

    A crystal counts once an epoch, so that the time left is that of all members and stages. The
    fits of Gaussian processes are not in it.
    """

    def __init__(self, chain: Sequence[Stage], run: TrainingRun, context: BaseContext) -> None:
        self.queue: SimpleQueue[EpochReport | None] = context.SimpleQueue()
        self._crystals = _crystals_an_epoch(chain, run)
        self._done: dict[tuple[str, int], int] = {}
        self._bar: Any = tqdm(
            total=_all_crystals(chain, run, self._crystals),
            desc=chain[-1].name,
            unit=" crystals",
            unit_scale=True,
            mininterval=0.5 if sys.stderr.isatty() else LOG_SECONDS,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.queue.put(None)
            self._reader.join()
        self._bar.close()

    def _read(self) -> None:
        while report := self.queue.get():
            self._done[report.stage, report.number] = report.record.epoch + 1
            self._show(report)

    def _show(self, report: EpochReport) -> None:
        done = sum(epochs * self._crystals[stage] for (stage, _), epochs in self._done.items())
        self._bar.set_postfix_str(
            f"{report.stage} split {report.number}: error {report.record.train:.3f}", refresh=False
        )
        self._bar.update(done - self._bar.n)


def _crystals_an_epoch(chain: Sequence[Stage], run: TrainingRun) -> Mapping[str, int]:
    waiting = [stage for stage in chain if _waiting(stage, run)]
    return {stage.name: count_rows(stage.dataset, run.data_dir) for stage in waiting}


def _all_crystals(chain: Sequence[Stage], run: TrainingRun, crystals: Mapping[str, int]) -> int:
    return sum(
        len(_waiting(stage, run))
        * run.preset.schedule(stage.name, stage.dataset).epochs
        * crystals[stage.name]
        for stage in chain
        if stage.name in crystals
    )


def _waiting(stage: Stage, run: TrainingRun) -> list[int]:
    """Return the splits whose member of a stage is not trained."""
    return [n for n in run.splits if not (run.member_dir(stage.name, n) / MEMBER_FILE).is_file()]
