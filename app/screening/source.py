"""Crystals to screen: from a directory of structure files, or from one file of records."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.screening.entry import Entry
from app.screening.records import count_records, read_records
from models.errors import DataError
from models.structure.checks import StructureLimits
from models.structure.content import is_hidden
from models.structure.read import looks_like_structure

# Usual names: POSCAR-unitcell, POSCAR_mp-149, SPOSCAR, CONTCAR.relax, x.cif, x.mcif.gz, x.vasp.
NAMES = re.compile(
    r"(s?poscar|contcar)([-_.].*)?|.*[.](m?cif|vasp|poscar|extxyz)([.](gz|zip))?|"
    r".*[-_.](s?poscar|contcar)([.](gz|zip))?"
)
SAMPLED = 20_000  # bytes of a file of another name that tell whether it is a structure


@dataclass(frozen=True)
class Source:
    """Crystals read one at a time, how many there are, and the names of other files."""

    entries: Iterable[Entry]
    total: int
    ignored: tuple[str, ...] = ()


def read_source(path: Path, limits: StructureLimits) -> Source:
    """Return the crystals of a directory of structure files, or of a .jsonl[.gz] of structures.

    Raises DataError when it is neither, or is not whole.
    """
    if path.is_dir():
        return _read_directory(path, limits)
    if path.is_file() and path.name.endswith((".jsonl", ".jsonl.gz")):
        return Source(read_records(path, limits), count_records(path))
    if path.is_file() and holds_crystal(path):
        return Source([Entry.of_file(path.name, path.read_bytes, limits)], 1)
    raise DataError(f"{path} is neither a directory nor a .jsonl, .jsonl.gz or structure file.")


def _read_directory(path: Path, limits: StructureLimits) -> Source:
    found = sorted(file for file in path.rglob("*") if file.is_file() or file.is_symlink())
    files = [file for file in found if not is_hidden(file.relative_to(path).as_posix())]
    crystals = [file for file in files if holds_crystal(file)]
    known = set(crystals)
    ignored = tuple(str(file.relative_to(path)) for file in files if file not in known)
    return Source(_read_files(path, crystals, limits), len(crystals), ignored)


def holds_crystal(file: Path) -> bool:
    """Tell whether a file is a structure by its name, else by the beginning of its content."""
    if NAMES.fullmatch(file.name.lower()):
        return True
    try:
        with file.open("rb") as opened:
            return looks_like_structure(opened.read(SAMPLED))
    except OSError:
        return False


def _read_files(folder: Path, files: list[Path], limits: StructureLimits) -> Iterator[Entry]:
    for file in files:
        yield Entry.of_file(str(file.relative_to(folder)), file.read_bytes, limits)
