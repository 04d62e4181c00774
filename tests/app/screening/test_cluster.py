"""Screenings on a real Ray cluster of three nodes on this machine, one of which is lost."""

import json
import time
from dataclasses import dataclass
from itertools import islice

import pyarrow.parquet as pq
import pytest

from app.screening.probability import Thresholds
from app.screening.run.screen import screen
from app.screening.run.workers import Here
from app.screening.sources.records import Records
from benchmarks.kills import StandIn
from models.errors import DamagedEnsemble
from models.structure.checks import StructureLimits

ray = pytest.importorskip("ray", reason="ray is not installed")
CHUNKS = 24

pytestmark = [
    pytest.mark.timeout(300),
    # Ray's own threads and files, at its end.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@dataclass(frozen=True)
class Slow(StandIn):
    """Takes a while for each chunk, so that a node can be lost meanwhile."""

    def judge(self, chunk):
        time.sleep(0.3)
        return super().judge(chunk)


@dataclass(frozen=True)
class Broken(StandIn):
    """Cannot load its ensemble."""

    def identify(self):
        raise DamagedEnsemble("It differs from its manifest.")


@pytest.fixture
def nodes(monkeypatch):
    """A cluster: its address, and the nodes beside the head."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_worker_niceness", "0")
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    others = [cluster.add_node(num_cpus=1) for _ in range(2)]
    yield cluster, others
    cluster.shutdown()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "crystals.jsonl"
    rows = (json.dumps({"id": f"x-{i}", "cif": f"{i}"}) + "\n" for i in range(256 * CHUNKS - 9))
    path.write_text("".join(rows))
    return Records(path, StructureLimits())


def node_is_missed():
    """Whether the cluster notes that only two nodes are alive, which may take half a minute."""
    deadline = time.monotonic() + 60
    while sum(node["Alive"] for node in ray.nodes()) != 2:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_a_node_that_is_lost_costs_no_row(nodes, source, tmp_path):
    from app.screening.run.cluster import Cluster

    cluster, others = nodes
    out, whole = tmp_path / "ltc.parquet", tmp_path / "whole.parquet"
    with Cluster(cluster.address) as executor:
        for n_chunks, _ in enumerate(screen(source, Slow(Thresholds()), executor, out), 1):
            if n_chunks == 4:
                cluster.remove_node(others[0], allow_graceful=False)
        assert n_chunks == CHUNKS
        assert node_is_missed()
    list(screen(source, StandIn(Thresholds()), Here(), whole))
    assert pq.read_table(out).equals(pq.read_table(whole))


def test_a_cluster_goes_on_where_another_executor_stopped(nodes, source, tmp_path):
    from app.screening.run.cluster import Cluster

    out = tmp_path / "ltc.parquet"
    judge = Slow(Thresholds())
    assert len(list(islice(screen(source, judge, Here(), out), 5))) == 5
    with Cluster(nodes[0].address) as executor:
        *_, last = screen(source, judge, executor, out)
        with pytest.raises(DamagedEnsemble, match="differs from its manifest"):
            executor.identify(Broken(Thresholds()))
    assert (last.done, last.new) == (256 * CHUNKS - 9, 256 * (CHUNKS - 5) - 9)
    assert pq.read_table(out)["index"].to_pylist() == list(range(256 * CHUNKS - 9))
