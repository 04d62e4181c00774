"""Fake ensembles, and the app and the command around them."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from pydantic import BaseModel

from app.cli import main
from app.factory import create_app
from app.service.ensembles import ServedEnsemble
from app.settings import Settings
from models.crystal.crystal import Crystal
from models.errors import DamagedEnsemble
from models.prediction.result import Domain, Interval, Prediction, Reference
from models.prediction.statistics import summarise

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

    def members(self, crystals: Sequence[Crystal]) -> NDArray[np.float64]:
        means = [float(crystal.numbers.mean()) for crystal in crystals]
        self.calls.append(len(means))
        self.gate.wait(10)
        return np.array(means)[:, None] + np.arange(9) / 10

    def predict(self, crystals: Sequence[Crystal]) -> list[Prediction]:
        return [Prediction(ltc=ltc) for ltc in summarise(self.members(crystals))]

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


def run_cli(ensemble, *arguments):
    options = [str(argument) for argument in arguments]
    return main([*options, "--ensemble", ensemble.name], load=lambda _s, _n: ensemble)


@pytest.fixture
def paraisite(ensemble):
    return partial(run_cli, ensemble)


class Sceptic(FakeEnsemble):
    """Doubts everything: the interval is a factor of two either way, the verdict outside."""

    def predict(self, crystals):
        return [self._doubted(prediction) for prediction in super().predict(crystals)]

    def _doubted(self, prediction):
        mean = prediction.ltc.mean
        interval = Interval(level=0.9, lower=mean / 2, upper=mean * 2)
        return Prediction(
            ltc=prediction.ltc.model_copy(update={"interval": interval}),
            domain=Domain(verdict="outside", reasons=("No training crystal holds Na.",)),
            warnings=("Likely a metal.",),
        )


@pytest.fixture
def sceptic():
    return partial(run_cli, Sceptic())


@pytest.fixture
def cifs(tmp_path, rocksalt_cif, zincblende_cif):
    folder = tmp_path / "cifs"
    (folder / "deeper").mkdir(parents=True)
    (folder / "nacl.cif").write_text(rocksalt_cif)
    (folder / "broken.cif").write_text("data_broken\nnothing else")
    (folder / "deeper" / "zns.cif").write_text(zincblende_cif)
    return folder
