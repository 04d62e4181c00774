"""The source that an argument of `screen` names."""

from pathlib import Path

from app.screening.sources.archives import SUFFIXES, Archive
from app.screening.sources.files import Folder, Pattern, holds_crystal
from app.screening.sources.records import Records
from app.screening.sources.source import Source
from models.errors import DataError
from models.structure.checks import StructureLimits

WILDCARDS = "*?["


def open_source(argument: str, limits: StructureLimits) -> Source:
    """Return the crystals of a folder, pattern, archive or file. Raises DataError."""
    path = Path(argument)
    if path.is_dir():
        return Folder(path, limits)
    if path.is_file():
        return _open_file(path, limits)
    if any(sign in argument for sign in WILDCARDS):
        pattern = Pattern(argument, limits)
        if pattern.count():
            return pattern
    raise DataError(f"{argument} is neither a file nor a folder, nor a pattern that any file matches.")


def _open_file(path: Path, limits: StructureLimits) -> Source:
    name = path.name.lower()
    if name.endswith((".jsonl", ".jsonl.gz")):
        return Records(path, limits)
    if name.endswith(SUFFIXES):
        return Archive(path, limits)
    if holds_crystal(path):
        return Pattern(str(path), limits)
    raise DataError(
        f"{path} is neither an archive, a table, a .jsonl[.gz] nor a structure file."
    )
