"""A fake ensemble, and the app around it."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from pydantic import BaseModel

from app.ensembles import ServedEnsemble
from app.factory import create_app
from app.settings import Settings
from models.errors import DamagedEnsemble
from models.evidence import Reference
from models.graph import CrystalGraph
from models.judgement import Judgement
from models.statistics import summarise

READY_WITHIN = 20  # s


class FakeManifest(BaseModel):
    name: str
    metrics: dict[str, float]


class FakeEnsemble:
    """Nine members: the mean atomic number, plus 0 to 8 tenths."""

    def __init__(self, name: str = "mix-stage3") -> None:
        self.name = name
        self.digest = f"sha256:{name}"
        self.manifest: BaseModel = FakeManifest(name=name, metrics={"mape": 0.3})
        self.references: tuple[Reference, ...] = ()
        self.calls: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.intact = True

    def predict(self, graphs: Iterable[CrystalGraph]) -> NDArray[np.float64]:
        means = [float(graph.species @ graph.atom_share) for graph in graphs]
        self.calls.append(len(means))
        self.gate.wait(10)
        return np.array(means)[:, None] + np.arange(9) / 10

    def judge(self, graphs: Sequence[CrystalGraph], fingerprints: Sequence[str]) -> list[Judgement]:
        assert len(graphs) == len(fingerprints)
        return [Judgement(summarise(members), None, None) for members in self.predict(graphs)]

    def check_golden(self) -> None:
        if not self.intact:
            raise DamagedEnsemble("The golden structure's answer differs; export again.")


@pytest.fixture
def ensemble() -> FakeEnsemble:
    return FakeEnsemble()


@pytest.fixture
def settings() -> Settings:
    return Settings(mp_api_key=None, redis_url=None)


Serve = Callable[..., AbstractContextManager[TestClient]]


@contextmanager
def serving(settings: Settings, *ensembles: ServedEnsemble) -> Iterator[TestClient]:
    """Give a client of an app that serves these ensembles, once it is ready."""
    app = create_app(settings, load=lambda _settings: ensembles)
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


def wait_until_ready(client: TestClient) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def client(settings: Settings, ensemble: FakeEnsemble) -> Iterator[TestClient]:
    with serving(settings, ensemble) as client:
        yield client
