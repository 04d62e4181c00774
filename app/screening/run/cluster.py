"""A Ray cluster whose nodes judge, by Ray Data; work of a node that is lost is done again."""

import logging
import os
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Self

import pyarrow as pa
import ray
import ray.cloudpickle as pickle
import ray.data
from ray.data.block import BlockMetadata

from app.schemas import EnsembleReference
from app.screening.run.chunks import Chunk
from app.screening.run.judge import Done, Judge
from app.screening.run.workers import Chunks, passed

LOCAL = "local"  # address that stands for a cluster of this machine alone


class Cluster:
    """The cluster at an address, or one of this machine alone that ends with the screening."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __enter__(self) -> Self:
        # On a machine of its own, work is as urgent as that of other processes.
        os.environ.setdefault("RAY_worker_niceness", "0")
        # Ray warns of its own actors' arguments, which live as long as this process does.
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ray.init(
            address=self._address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=False if self._address == LOCAL else None,
        )
        return self

    def __exit__(self, *_: object) -> None:
        ray.shutdown()

    def identify(self, judge: Judge) -> EnsembleReference:
        """Return which ensemble judges. Raises EnsembleError."""
        try:
            found: EnsembleReference = ray.get(ray.remote(_identify).remote(judge))
        except ray.exceptions.RayTaskError as error:
            raise error.cause from error
        return found

    def run(self, judge: Judge, chunks: Chunks, done: Collection[str]) -> Iterator[Done]:
        """Yield every chunk once it is done, as it comes, judged unless its name is in `done`.

        The source is read on this node; Ray Data holds back the reading when the nodes are busy.
        """
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.target_max_block_size = 1  # byte: each chunk is a block of its own
        here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
        read = ray.data.read_datasource(_Source(chunks, done), num_cpus=0, label_selector=here)
        pool = ray.data.ActorPoolStrategy(min_size=1)  # grows to the cores of the cluster
        found = read.map_batches(
            _Judging, batch_size=1, num_cpus=1, fn_kwargs={"judge": judge}, compute=pool
        )
        for row in found.iter_rows():
            table = pa.ipc.open_stream(row["rows"]).read_all() if row["rows"] else None
            yield Done(row["number"], row["name"], table)


class _Source(ray.data.Datasource):  # type: ignore[misc] # publishes no types
    """The chunks of a source, read one after the other by one task."""

    def __init__(self, chunks: Chunks, done: Collection[str]) -> None:
        super().__init__()
        self._chunks = chunks
        self._done = done

    def get_read_tasks(self, *_: Any, **__: Any) -> list[ray.data.ReadTask]:
        """Return the task."""
        return [ray.data.ReadTask(self._read, BlockMetadata(None, None, None))]

    def estimate_inmemory_data_size(self) -> None:
        """Return nothing: it is not known."""

    def _read(self) -> Iterable[pa.Table]:
        for chunk in self._chunks():
            sent: Chunk | Done = passed(chunk) if chunk.name in self._done else chunk
            yield pa.table({"chunk": [pickle.dumps(sent)]})


def _identify(judge: Judge) -> EnsembleReference:
    return judge.identify()


class _Judging:
    """An actor, whose process loads the ensemble once and has the next chunk waiting."""

    def __call__(self, batch: dict[str, Any], judge: Judge) -> dict[str, list[Any]]:
        """Return a chunk that is done."""
        chunk = pickle.loads(batch["chunk"][0])
        done = judge.judge(chunk) if isinstance(chunk, Chunk) else chunk
        rows = b"" if done.rows is None else _written(done.rows)
        return {"number": [done.number], "name": [done.name], "rows": [rows]}


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content
