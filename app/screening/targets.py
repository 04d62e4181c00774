"""Places that a screening writes to, checked before its work begins."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.screening.table.files import metadata_path
from models.errors import DataError


@dataclass(frozen=True)
class Targets:
    """Places of the table, the report and the folder of the shortlist; links are followed."""

    table: Path
    report: Path | None
    shortlist: Path | None

    @classmethod
    def of(cls, out: Path, report: Path | None, shortlist: Path | None) -> Self:
        """Return the places. Raises DataError for one that cannot be written to."""
        targets = cls(
            table=_file(out, "--out"),
            report=report and _file(report, "--report"),
            shortlist=shortlist and _folder(shortlist, "--shortlist"),
        )
        if targets.table.suffix != out.suffix:
            raise DataError(
                f"{out} is a link to {targets.table}, which is of another kind; name a file with "
                "--out that ends as the link does."
            )
        if out.suffix != ".parquet":
            _file(metadata_path(targets.table), "--out")
        targets._check_apart()
        return targets

    def _check_apart(self) -> None:
        """Raise DataError where one place is to be a file and a folder."""
        places = {"--out": self.table, "--report": self.report, "--shortlist": self.shortlist}
        for kind, file in (("table", self.table), ("report", self.report)):
            for option, place in places.items():
                if file and place and file is not place and _is_in(place, file):
                    raise DataError(
                        f"{file} is no folder, but the {kind}; choose another place with {option}."
                    )


def _file(path: Path, option: str) -> Path:
    place = _followed(path, option)
    if place.is_dir():
        raise DataError(f"{path} is a folder; name a file in it with {option}.")
    if place.exists() and not place.is_file():
        raise DataError(f"{path} is no regular file; name another one with {option}.")
    _check_writable(place, place.absolute().parent, option)
    return place


def _folder(path: Path, option: str) -> Path:
    place = _followed(path, option)
    _check_writable(path, place.absolute(), option)
    return place


def _followed(path: Path, option: str) -> Path:
    """Return what a link leads to, so that the link itself is not replaced; else the path."""
    place = Path(os.path.realpath(path)) if path.is_symlink() else path
    if place.is_symlink():
        raise DataError(f"{path} is a link that leads to itself; name a file with {option}.")
    return place


def _check_writable(path: Path, folder: Path, option: str) -> None:
    """Raise DataError if the folder neither takes new entries nor can be made."""
    there = next(each for each in (folder, *folder.parents) if os.path.lexists(each))
    cause = "is no folder" if not there.is_dir() else "may not be written to"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise DataError(
            f"{path} cannot be written: {there} {cause}; nothing is saved. "
            f"Choose another place with {option}."
        )


def _is_in(place: Path, file: Path) -> bool:
    return place.resolve().is_relative_to(file.resolve())
