"""Lattice thermal conductivity of crystals, from Python.

>>> import paraisite
>>> calculator = paraisite.load()  # or paraisite.connect("http://localhost:8000")
>>> calculator.calc("examples/NaCl.cif")["ltc_mean"]
"""

from typing import TYPE_CHECKING

from paraisite.packages import check_packages

check_packages()

from paraisite.calculator import LtcCalc  # noqa: E402 - the check explains why this could fail
from paraisite.row import answer_row  # noqa: E402

if TYPE_CHECKING:
    from paraisite.ensemble import EnsembleCalc
    from paraisite.service import ServiceCalc

__all__ = ["LtcCalc", "answer_row", "connect", "load"]


def load(name: str | None = None) -> "EnsembleCalc":
    """Return a calculator that predicts in this process, by the ensemble of this name.

    Without a name the default ensemble answers. The environment is read as by the service
    (docs/configuration.md), `ENSEMBLES_DIR` and `MP_API_KEY` for instance. Raises EnsembleError.
    """
    from paraisite.ensemble import load_calculator  # noqa: PLC0415 - slow, and no use to a client

    return load_calculator(name)


def connect(
    url: str = "http://localhost:8000",
    *,
    api_key: str | None = None,
    ensemble: str | None = None,
    timeout: float = 90.0,
    attempts: int = 5,
) -> "ServiceCalc":
    """Return a calculator that asks the service at this address (`paraisite.service.ServiceCalc`).

    Needs `pip install paraisite[client]`.
    """
    from paraisite.service import ServiceCalc  # noqa: PLC0415 - needs the extra

    return ServiceCalc(url, api_key=api_key, ensemble=ensemble, timeout=timeout, attempts=attempts)
