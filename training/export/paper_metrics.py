"""Table I's figures for one ensemble, from the evaluation report, as metrics of its manifest."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from models.errors import DataError
from models.manifest import Metrics
from training.data.datasets import read_dataset, require_files
from training.data.splits import TRAIN_FRACTION
from training.evaluation.report import PaperCell, Report

logger = logging.getLogger(__name__)

# Presets that train the paper's stages in another way, and those measured in their place.
PROCEDURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"fast": ("paper", "paper-gentle", "paper-short")}
)


def paper_metrics(name: str, preset: str, report: Path, data_dir: Path) -> Iterator[Metrics]:
    """Yield a record for each test set on which `name` was measured by the published procedure.

    Measured is what was trained by its `preset`, or by those that do so in its place. Nothing where
    there is no report; a test set that is not in `data_dir` is left out, and the log says so.
    Raises DataError for a file that is no report.
    """
    if not report.is_file():
        logger.info("%s is not there: no figures by the published procedure", report)
        return
    presets = PROCEDURES.get(preset, (preset,))
    cells = [cell for cell in _cells(report) if cell.name == name and cell.preset in presets]
    sizes = dict(_sizes({cell.test_set: None for cell in cells}, data_dir))
    for cell in cells:
        if cell.test_set in sizes:
            size = sizes[cell.test_set]
            yield _metrics(cell, size - int(TRAIN_FRACTION * size))


def _cells(report: Path) -> tuple[PaperCell, ...]:
    try:
        return Report.model_validate_json(report.read_bytes()).paper
    except ValidationError as error:
        raise DataError(
            f"{report} is not an evaluation report ({error}); write it again."
        ) from error


def _sizes(test_sets: Iterable[str], data_dir: Path) -> Iterator[tuple[str, int]]:
    """Yield the name and size of each test set that is there."""
    for name in test_sets:
        try:
            require_files((name,), data_dir)
        except DataError as error:
            logger.warning("The figures on %s are left out. %s", name, error)
        else:
            yield name, len(read_dataset(name, data_dir))


def _metrics(cell: PaperCell, n_crystals: int) -> Metrics:
    published = {"published_mape": cell.table_mean}
    deviations = {"mape": cell.ours.std, "published_mape": cell.table_std}
    return Metrics(
        dataset=cell.test_set,
        protocol="paper",
        what=f"Table I's procedure, preset {cell.preset}, {len(cell.ours.values)} of nine splits",
        n_crystals=n_crystals,
        values={"mape": cell.ours.mean} | {k: v for k, v in published.items() if v is not None},
        deviations={name: value for name, value in deviations.items() if value is not None},
    )
