"""Data sets of labelled crystals, read from their files.

A row that cannot be used is dropped and reported in `Dataset.dropped`; a file that cannot be
read stops with `DataError`. Rows keep their published order: the nine splits depend on it.
"""

import argparse
import gzip
import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from pymatgen.core import Structure

from models.errors import DataError
from models.records import refusal
from models.structure.content import GZIP_FAULTS
from training.data.catalogue import CATALOGUE, DATASET_NAMES, JOINED, own_entry, parts_of
from training.data.rows import Row

logger = logging.getLogger(__name__)

DATA_VARIABLE = "PARAISITE_DATA"
DEFAULT_DIRECTORY = Path("data")


@dataclass(frozen=True)
class LabelledCrystal:
    """A crystal with its reference values by name (see `training.data.rows.Row` for the units)."""

    material_id: str
    formula: str
    structure: Structure
    labels: Mapping[str, float]

    @property
    def ltc(self) -> float:
        """The lattice thermal conductivity [W/(m K)] at 300 K; DataError where there is none."""
        try:
            return self.labels["ltc"]
        except KeyError:
            raise DataError(
                f"{self.material_id} has no thermal conductivity, only "
                f"{', '.join(self.labels)}; choose a data set with `ltc` labels."
            ) from None


@dataclass(frozen=True)
class DatasetSource:
    """The file a data set was read from: its name, checksum and rows, unusable ones included."""

    file_name: str
    sha256: str
    n_rows: int


@dataclass(frozen=True)
class DroppedRow:
    """A row that is not used: where it is (lines count from 1), whose it is and why."""

    file_name: str
    line: int
    material_id: str | None
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Labelled crystals in published order, with where they come from and what was left out."""

    name: str
    crystals: tuple[LabelledCrystal, ...]
    sources: tuple[DatasetSource, ...]
    dropped: tuple[DroppedRow, ...]

    def __len__(self) -> int:
        return len(self.crystals)

    def ltc(self) -> NDArray[np.float64]:
        """Return the conductivities [n_crystals] in W/(m K); DataError if one is missing."""
        return np.array([crystal.ltc for crystal in self.crystals], dtype=np.float64)


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add --data-dir to a command's options."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help=f"folder of the data sets (${DATA_VARIABLE}, or {DEFAULT_DIRECTORY})",
    )


def data_directory(option: Path | None = None) -> Path:
    """Return where the data sets are: the option, else $PARAISITE_DATA, else data."""
    return option or Path(os.environ.get(DATA_VARIABLE) or DEFAULT_DIRECTORY)


def require_files(names: Sequence[str], directory: Path, *others: Path) -> None:
    """Raise DataError, naming what to run, where a data set's file or another one is missing."""
    entries = [CATALOGUE.get(part, own_entry(part)) for name in names for part in parts_of(name)]
    paths = [*(directory / entry.file_name for entry in entries), *others]
    missing = dict.fromkeys(str(path) for path in paths if not path.is_file())
    if missing:
        raise DataError(
            f"Not there: {', '.join(missing)}. Get the data sets with `make fetch` (`python -m "
            f"training fetch`), or name their folder with --data-dir or ${DATA_VARIABLE}."
        )


def count_rows(name: str, directory: Path) -> int:
    """Return the number of rows in the files of a data set, unusable ones included."""
    entries = [CATALOGUE.get(part, own_entry(part)) for part in parts_of(name)]
    paths = [directory / entry.file_name for entry in entries]
    return sum(len(_lines(path, _content(path))) for path in paths)


def read_dataset(name: str, directory: Path) -> Dataset:
    """Return the data set `name` from its file in `directory`.

    A joined one is its parts one after the other; a name that is not in the catalogue is a user's
    own set, in NAME.jsonl.gz. Raises DataError for an unknown name and for a file that is missing,
    is not gzip or holds a line that is not JSON.
    """
    if name in JOINED:
        return _joined(name, [read_dataset(part, directory) for part in JOINED[name]])
    entry = CATALOGUE.get(name, own_entry(name))
    path = directory / entry.file_name
    if name not in CATALOGUE and not path.is_file():
        raise DataError(f"No data set is called {name!r}; choose from {', '.join(DATASET_NAMES)}.")
    return read_dataset_file(name, path, entry.labels)


def read_dataset_file(name: str, path: Path, required: tuple[str, ...] = ("ltc",)) -> Dataset:
    """Return the crystals of one `.jsonl.gz` file whose rows all have the `required` labels.

    Raises DataError for a file that is missing, is not gzip or holds a line that is not JSON.
    """
    content = _content(path)
    lines = _lines(path, content)
    crystals: dict[str, LabelledCrystal] = {}
    dropped: list[DroppedRow] = []
    for number, line in enumerate(lines, start=1):
        try:
            crystal = _crystal(line, required)
            if crystal.material_id in crystals:
                raise _UnusableRow("the id is that of an earlier row", crystal.material_id)
        except _NotJsonError as error:
            raise DataError(
                f"Line {number} of {path} is not JSON ({error}); fetch the file again."
            ) from error
        except _UnusableRow as error:
            dropped.append(DroppedRow(path.name, number, error.material_id, str(error)))
        else:
            crystals[crystal.material_id] = crystal
    for row in dropped:
        logger.warning(
            "%s line %d (%s) is not used: %s", path, row.line, row.material_id, row.reason
        )
    source = DatasetSource(path.name, hashlib.sha256(content).hexdigest(), len(lines))
    return Dataset(name, tuple(crystals.values()), (source,), tuple(dropped))


class _NotJsonError(ValueError):
    """A line is not JSON."""


class _UnusableRow(ValueError):
    """A row is JSON but no labelled crystal; `material_id` is its id where it has one."""

    def __init__(self, reason: str, material_id: str | None) -> None:
        super().__init__(reason)
        self.material_id = material_id


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}). Get the data sets with `python -m training "
            f"fetch` (`make fetch`), or name their folder with --data-dir or ${DATA_VARIABLE}."
        ) from error


def _lines(path: Path, content: bytes) -> list[bytes]:
    try:
        return gzip.decompress(content).splitlines()
    except GZIP_FAULTS as error:
        raise DataError(f"{path} is not a whole gzip file ({error}); fetch it again.") from error


def _crystal(line: bytes, required: tuple[str, ...]) -> LabelledCrystal:
    try:
        row = Row.model_validate_json(line)
    except ValidationError as error:
        raise _refusal(line, error) from error
    missing = [label for label in required if label not in row.labels]
    if missing:
        raise _UnusableRow(f"no {', '.join(missing)}", row.material_id)
    return LabelledCrystal(row.material_id, row.formula, row.structure.structure(), row.labels)


def _refusal(line: bytes, error: ValidationError) -> ValueError:
    if error.errors(include_url=False)[0]["type"] == "json_invalid":
        return _NotJsonError(refusal(error))
    given = json.loads(line)
    material_id = given.get("material_id") if isinstance(given, dict) else None
    return _UnusableRow(refusal(error), material_id)


def _joined(name: str, parts: list[Dataset]) -> Dataset:
    return Dataset(
        name,
        tuple(crystal for part in parts for crystal in part.crystals),
        tuple(source for part in parts for source in part.sources),
        tuple(row for part in parts for row in part.dropped),
    )
