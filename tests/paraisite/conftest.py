"""An ensemble in this process, and a service in another that answers by the same one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paraisite.ensemble import EnsembleCalc, load_calculator
from paraisite.service import ServiceCalc
from tests.materials_project_server import running_server
from tests.models.made_ensemble import write_heads
from tests.service_process import ServiceProcess, service_process

MP_KEY = "k" * 32


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The settings of both."""
    folder: Path = tmp_path_factory.mktemp("ensembles")
    (folder / "made").mkdir()
    write_heads(folder / "made")
    with running_server() as materials:
        yield {
            "ENSEMBLES_DIR": str(folder),
            "MP_API_KEY": MP_KEY,
            "MP_API_ENDPOINT": materials.endpoint,
        }


@pytest.fixture(scope="session")
def service(environment) -> Iterator[ServiceProcess]:
    with service_process("app.cli serve", **environment) as process:
        yield process


@pytest.fixture
def remote(service) -> Iterator[ServiceCalc]:
    with ServiceCalc(service.url, attempts=2) as calculator:
        yield calculator


@pytest.fixture(scope="session")
def local(environment) -> EnsembleCalc:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return load_calculator()
