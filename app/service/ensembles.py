"""Served ensembles: chosen by the settings, loaded and checked."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from app.settings import Settings
from app.startup import import_tensorflow
from models.cores import n_cores
from models.crystal.crystal import Crystal
from models.ensemble import Ensemble
from models.errors import DamagedEnsemble, EnsembleError, UnknownEnsemble
from models.prediction.engine import REFERENCE
from models.prediction.result import Prediction, Reference

log = logging.getLogger(__name__)

PREFERRED_DEFAULTS = ("recommended", "mix-stage3")


class ServedEnsemble(Protocol):
    """An ensemble as the service uses it; `models.ensemble.Ensemble` is one."""

    @property
    def name(self) -> str:
        """Name, such as mix-stage3."""

    @property
    def digest(self) -> str:
        """sha256 of its manifest, which holds those of its files."""

    @property
    def manifest(self) -> BaseModel:
        """Its manifest."""

    @property
    def references(self) -> tuple[Reference, ...]:
        """The crystals its LTC was learned from; empty where it keeps no evidence."""

    def predict(self, crystals: Sequence[Crystal]) -> list[Prediction]:
        """Return LTC, interval and domain of each crystal; DamagedEnsemble if not finite."""

    def check_golden(self) -> None:
        """Raise DamagedEnsemble when the answer for the golden structure differs."""


def predict_each(
    ensemble: ServedEnsemble, crystals: Sequence[Crystal]
) -> list[Prediction | Exception]:
    """Return each crystal's prediction, or its error.

    The crystals of a batch that fails are predicted one by one: none spoils the others' answers.
    """
    try:
        return [*ensemble.predict(crystals)]
    except Exception as error:  # noqa: BLE001 - as in `app.service.batching`
        if len(crystals) == 1:
            return [error]
        return [found for each in crystals for found in predict_each(ensemble, [each])]


@dataclass(frozen=True)
class Ensembles:
    """Loaded ensembles by name, and the one that answers when none is named."""

    by_name: Mapping[str, ServedEnsemble]
    default: str

    def get(self, name: str | None = None) -> ServedEnsemble:
        """Return the ensemble of this name, or the default one. Raises UnknownEnsemble."""
        if name is None:
            return self.by_name[self.default]
        if name not in self.by_name:
            raise UnknownEnsemble(
                f"No ensemble {name!r} is loaded; there are: {', '.join(self.by_name)}."
            )
        return self.by_name[name]


def load_ensembles(settings: Settings) -> list[ServedEnsemble]:
    """Return the ensembles that the settings name. Raises EnsembleError."""
    with ThreadPoolExecutor(n_cores()) as threads:
        return list(threads.map(partial(load_ensemble, settings), ensemble_names(settings)))


def load_ensemble(settings: Settings, name: str) -> ServedEnsemble:
    """Return one ensemble of the settings' directory. Raises EnsembleError."""
    if name not in found_names(settings.ensembles_dir):
        raise UnknownEnsemble(f"No ensemble {name!r} in {settings.ensembles_dir}.")
    if settings.engine == REFERENCE:
        import_tensorflow()
    return Ensemble.load(settings.ensembles_dir / name, settings.engine)


def check_ensembles(ensembles: Sequence[ServedEnsemble], settings: Settings) -> Ensembles:
    """Return the ensembles by name, after the check of each (which also warms them).

    Raises DamagedEnsemble when an answer differs, UnknownEnsemble when the default is not there.
    """
    for ensemble in ensembles:
        check_ensemble(ensemble, settings)
        log.info("Ensemble %s is ready (%s).", ensemble.name, ensemble.digest)
    by_name = {ensemble.name: ensemble for ensemble in ensembles}
    return Ensembles(by_name, default_name(tuple(by_name), settings))


def check_ensemble(ensemble: ServedEnsemble, settings: Settings) -> ServedEnsemble:
    """Return the ensemble if it is one that may answer, and answers as it did when it was made.

    Raises DamagedEnsemble.
    """
    allowed = settings.ensemble_digest
    if allowed and ensemble.digest not in allowed:
        raise DamagedEnsemble(
            f"{ensemble.name} has the digest {ensemble.digest}, which ENSEMBLE_DIGEST does not "
            "name; install the release that it names, or name this one."
        )
    ensemble.check_golden()
    return ensemble


def ensemble_names(settings: Settings) -> tuple[str, ...]:
    """Return the names that the settings ask for: those given, or all found.

    Raises EnsembleError when none is found.
    """
    names = settings.ensembles or found_names(settings.ensembles_dir)
    if not names:
        raise EnsembleError(
            f"No ensemble in {settings.ensembles_dir}; set ENSEMBLES_DIR to a directory with "
            "exported ensembles, or make one with `python -m training export`."
        )
    return names


def found_names(directory: Path) -> tuple[str, ...]:
    """Return the names of the ensembles in the directory, sorted."""
    return tuple(sorted(path.parent.name for path in directory.glob("*/manifest.json")))


def default_name(names: Sequence[str], settings: Settings) -> str:
    """Return the name that answers when none is given. Raises UnknownEnsemble."""
    if settings.default_ensemble is None:
        return next((name for name in PREFERRED_DEFAULTS if name in names), names[0])
    if settings.default_ensemble not in names:
        raise UnknownEnsemble(
            f"DEFAULT_ENSEMBLE is {settings.default_ensemble!r}, but only {', '.join(names)} "
            "can be loaded."
        )
    return settings.default_ensemble
