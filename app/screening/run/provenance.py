"""Provenance of a screening: what was screened, with what, when."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from pydantic import Field

from app import __version__
from app.schemas import EnsembleReference
from app.screening.probability import Thresholds
from models.code import code_digest
from models.records import Record

PACKAGES = ("numpy", "pyarrow", "pymatgen", "spglib")


class Run(Record):
    """What makes two screenings the same: their rows may be joined if these agree."""

    source: str = Field(description="Path or query of the crystals.")
    ensemble: str = Field(description="Name of the ensemble.")
    digest: str = Field(description="Digest of the ensemble.")
    code: str = Field(description="sha256 of the code that decides an answer.")
    below: float = Field(description="Threshold of `probability_below`, W/(m K).")
    above: float = Field(description="Threshold of `probability_above`, W/(m K).")

    @classmethod
    def of(cls, source: str, ensemble: EnsembleReference, thresholds: Thresholds) -> "Run":
        """Return the run of a source through an ensemble."""
        return cls(
            source=source,
            ensemble=ensemble.name,
            digest=ensemble.digest,
            code=code_digest(),
            below=thresholds.below,
            above=thresholds.above,
        )


class Started(Record):
    """A run that was started: how, and when."""

    run: Run
    command: tuple[str, ...] = Field(description="The command, as it was first given.")
    started: str = Field(description="Time of the first start, ISO 8601.")
    versions: dict[str, str] = Field(description="Versions of this package and others.")

    @classmethod
    def now(cls, run: Run, command: Sequence[str]) -> "Started":
        """Return the run as started now."""
        versions = {"paraisite": __version__, "python": platform.python_version()}
        versions |= {name: version(name) for name in PACKAGES}
        return cls(run=run, command=tuple(command), started=_now(), versions=versions)


class Provenance(Started):
    """A run that is finished, as it is kept in the table."""

    finished: str = Field(description="Time of the end, ISO 8601.")
    inputs: str = Field(description="sha256 over the ids and texts of all crystals.")
    n_rows: int = Field(description="Number of rows, one for each crystal of the source.")
    n_failed: int = Field(description="Number of rows with an error.")

    @classmethod
    def of(cls, started: Started, inputs: str, n_rows: int, n_failed: int) -> "Provenance":
        """Return the provenance of a run that ends now."""
        return cls(
            **dict(started), finished=_now(), inputs=inputs, n_rows=n_rows, n_failed=n_failed
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
