"""Structure files of a folder, a pattern or a single path."""

import glob
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.screening.entry import Entry
from app.screening.sources.blocks import split
from app.screening.sources.on_disk import OnDisk
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
class Folder(OnDisk):
    """Structure files below a folder, in the order of their names."""

    def entries(self) -> Iterator[Entry]:
        """Yield the crystals of all structure files."""
        for file in self._files():
            if holds_crystal(file):
                name = str(file.relative_to(self.path))
                yield from split(Entry.of_file(name, _loader(file, self.limits), self.limits))

    def count(self) -> int:
        """Return the number of structure files."""
        return sum(map(holds_crystal, self._files()))

    def ignored(self) -> tuple[str, ...]:
        """Return the names of the other files, and of links to folders, which are not followed."""
        others = (file for file in self._files(with_links=True) if not holds_crystal(file))
        return tuple(str(file.relative_to(self.path)) for file in others)

    def _files(self, *, with_links: bool = False) -> Iterator[Path]:
        """Yield all files but hidden ones; only one folder's names are in memory at a time.

        `with_links`: and links to folders.
        """
        for folder, folders, names in os.walk(self.path):
            folders.sort()
            links = [name for name in folders if with_links and Path(folder, name).is_symlink()]
            for file in sorted(Path(folder, name) for name in [*names, *links]):
                if not is_hidden(file.relative_to(self.path).as_posix()):
                    yield file


@dataclass(frozen=True)
class Pattern:
    """Structure files whose paths match a pattern, such as `runs/*/CONTCAR`."""

    name: str
    limits: StructureLimits

    def entries(self) -> Iterator[Entry]:
        """Yield the crystals of the files, in the order of their paths."""
        for path in self._paths():
            yield from split(Entry.of_file(path, _loader(Path(path), self.limits), self.limits))

    def count(self) -> int:
        """Return the number of files."""
        return len(self._paths())

    def ignored(self) -> tuple[str, ...]:
        """Return nothing: a pattern names what is meant."""
        return ()

    def _paths(self) -> list[str]:
        paths = glob.iglob(self.name, recursive=True)  # noqa: PTH207 - paths with and without root
        return sorted(path for path in paths if Path(path).is_file())


def holds_crystal(file: Path) -> bool:
    """Tell whether a file is a structure by its name, else by the beginning of its content.

    Nothing but a regular file is: to open a pipe may wait for ever.
    """
    try:
        if file.exists() and not file.is_file():
            return False
    except OSError:
        pass  # its row says why
    if is_structure_name(file.name):
        return True
    try:
        with file.open("rb") as opened:
            return looks_like_structure(opened.read(SAMPLED))
    except OSError:
        return False


def _loader(file: Path, limits: StructureLimits) -> Callable[[], bytes]:
    """Return what reads a file, a byte more than is accepted at most."""

    def load() -> bytes:
        with file.open("rb") as opened:
            return opened.read(limits.max_raw_bytes + 1)

    return load


def is_structure_name(name: str) -> bool:
    """Tell whether a file is a structure by its name."""
    return NAMES.fullmatch(name.rpartition("/")[2].lower()) is not None
