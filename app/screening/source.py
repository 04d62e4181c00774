"""Crystals to screen: from a directory of CIF and POSCAR files, or from one file of records."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.screening.entry import Entry
from app.screening.records import count_records, read_records
from models.errors import DataError
from models.structure.checks import StructureLimits

SUFFIXES = (".cif", ".vasp", ".poscar")
NAMES = ("poscar", "contcar")


@dataclass(frozen=True)
class Source:
    """Crystals read one at a time, how many there are, and how many other files beside them."""

    entries: Iterable[Entry]
    total: int
    ignored: int = 0


def read_source(path: Path, limits: StructureLimits) -> Source:
    """Return the crystals of a directory of CIFs and POSCARs, or of a .jsonl[.gz] of structures.

    Raises DataError when it is neither, or is not whole.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() or file.is_symlink())
        crystals = [file for file in files if _holds_crystal(file)]
        return Source(
            _read_files(path, crystals, limits), len(crystals), len(files) - len(crystals)
        )
    if not path.is_file() or not path.name.endswith((".jsonl", ".jsonl.gz")):
        raise DataError(f"{path} is neither a directory nor a .jsonl or .jsonl.gz file.")
    return Source(read_records(path, limits), count_records(path))


def _holds_crystal(file: Path) -> bool:
    name = file.name.lower()
    return name in NAMES or name.endswith(SUFFIXES)


def _read_files(folder: Path, files: list[Path], limits: StructureLimits) -> Iterator[Entry]:
    for file in files:
        yield Entry.of_file(str(file.relative_to(folder)), file.read_bytes, limits)
