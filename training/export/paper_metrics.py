"""Table I's figures for one ensemble, from the evaluation report, as metrics of its manifest."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from models.errors import DataError
from models.manifest import Metrics
from training.data.datasets import read_dataset
from training.data.splits import TRAIN_FRACTION
from training.evaluation.report import PaperCell, Report


def paper_metrics(name: str, report: Path, data_dir: Path) -> Iterator[Metrics]:
    """Yield a record for each test set on which `name` was measured by the published procedure.

    Nothing where there is no report. Raises DataError for a file that is no report.
    """
    if not report.is_file():
        return
    try:
        cells = Report.model_validate_json(report.read_bytes()).paper
    except ValidationError as error:
        raise DataError(
            f"{report} is not an evaluation report ({error}); write it again."
        ) from error
    for cell in cells:
        if cell.name == name:
            size = len(read_dataset(cell.test_set, data_dir))
            yield _metrics(cell, size - int(TRAIN_FRACTION * size))


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
