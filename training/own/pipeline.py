"""A user's own ensemble: table read, members trained, exported with held-out errors."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from models.errors import DataError
from models.manifest import CARD, Manifest
from training.config import Preset, exported_preset, read_preset
from training.data.catalogue import DATASET_NAMES
from training.data.datasets import require_files
from training.export.write import export_ensemble
from training.own.start import choose_start, own_base, own_preset, place_members
from training.own.table import write_own_set
from training.run import MEGNET_FILE, TrainingRun
from training.stages import MEGNET, STAGES, Stage
from training.train import train_ensemble

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class OwnEnsemble:
    """A user's request: a table of crystals and LTC, the ensemble's name, its start.

    `base`: the recipe, None for that of the start; `start`: an exported ensemble, or MEGNet's
    weights, None for the best there is.
    `ensembles`: the folder of exported ensembles, which the new one joins.
    """

    table: Path
    name: str
    base: Preset | None
    data_dir: Path
    run_dir: Path
    ensembles: Path
    splits: tuple[int, ...]
    start: str | None = None


def train_own(own: OwnEnsemble, workers: int) -> Manifest:
    """Return the manifest of a user's own ensemble, trained and exported.

    Raises DataError for a name or table that cannot be used, and for a start that is not there.
    """
    run = own_run(own)
    train_ensemble(own.name, run, workers)
    return export_ensemble(own.name, run, own.ensembles)


def own_run(own: OwnEnsemble) -> TrainingRun:
    """Return the training run of a user's own ensemble, with its data and start in its folder."""
    _check_name(own.name)
    start = own.start or choose_start(own.ensembles)
    data_dir = own.run_dir / "data"
    parent = None
    if start == MEGNET:
        require_files((), own.data_dir, own.data_dir / MEGNET_FILE)
    else:
        parent = exported_preset(own.ensembles / start)
    write_own_set(own.table, data_dir / f"{own.name}.jsonl.gz")
    base = own.base or read_preset(own_base(own.ensembles / start))
    run = TrainingRun(
        preset=own_preset(base, own.name, parent),
        data_dir=data_dir,
        run_dir=own.run_dir,
        splits=own.splits,
        own=Stage(own.name, own.name, start),
        weights_dir=own.data_dir,
    )
    if start == MEGNET:
        return run
    placed = place_members(own.ensembles / start, run)
    return replace(run, splits=tuple(split for split in own.splits if split in placed))


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise DataError(f"{name!r} is no name: use a-z, 0-9 and hyphens.")
    if name in STAGES or name in DATASET_NAMES:
        raise DataError(f"{name} is the name of a published ensemble or data set; choose another.")


def next_steps(own: OwnEnsemble) -> str:
    """Return what to run next, and where to look."""
    return (
        f"Held-out errors: {own.ensembles / own.name / CARD}\n"
        f"Serve it beside the others:  ENSEMBLES_DIR={own.ensembles} paraisite serve\n"
        f"Ask it alone:  paraisite predict --ensemble {own.name} FILE.cif"
    )
