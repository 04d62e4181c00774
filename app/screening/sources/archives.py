"""Structure files in a tar or zip archive, read one after the other."""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from app.screening.entry import Entry
from app.screening.sources.blocks import split
from app.screening.sources.files import is_structure_name
from app.screening.sources.on_disk import OnDisk
from models.errors import DataError, StructureTooLarge, UnreadableStructure
from models.structure.content import is_hidden
from models.structure.read import looks_like_structure

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
FAULTS = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,
    NotImplementedError,
)

Member = tuple[str, Callable[[], bytes]]


@dataclass(frozen=True)
class Archive(OnDisk):
    """Structure files of a tar or zip archive, in its order; it is not unpacked to disk."""

    def entries(self) -> Iterator[Entry]:
        """Yield the crystals of all structure files. Raises DataError."""
        with self._opened() as members:
            for name, load in members:
                entry = Entry.of_file(name, load, self.limits)
                if is_structure_name(name) or looks_like_structure(entry.content):
                    yield from split(entry)

    def count(self) -> int | None:
        """Return the number of files of a zip archive; that of a tar is known at its end only."""
        if self.suffix != ".zip":
            return None
        with self._opened() as members:
            return sum(is_structure_name(name) for name, _ in members)

    def ignored(self) -> tuple[str, ...]:
        """Return nothing: an archive is read once."""
        return ()

    @contextmanager
    def _opened(self) -> Iterator[Iterator[Member]]:
        members = _zip_members if self.suffix == ".zip" else _tar_members
        try:
            yield members(self.path, self.limits.max_raw_bytes)
        except FAULTS as error:
            raise DataError(
                f"{self.path} is not a whole archive ({error}); copy or fetch it again."
            ) from error


def _tar_members(path: Path, max_bytes: int) -> Iterator[Member]:
    with tarfile.open(path, "r|*") as archive:  # a stream, so that nothing is held
        for member in archive:
            if member.isfile() and not is_hidden(member.name):
                content = archive.extractfile(member)
                assert content is not None  # noqa: S101 - of a file
                yield member.name, partial(_read, content, max_bytes)
            archive.members = []  # type: ignore[attr-defined] # else it keeps every header


def _zip_members(path: Path, max_bytes: int) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not is_hidden(name):
                yield name, partial(_member, archive, name, max_bytes)


def _member(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    try:
        with archive.open(name) as member:
            return _read(member, max_bytes)
    except FAULTS as error:
        raise UnreadableStructure(f"The archive's member is damaged ({error}).") from error


def _read(file: IO[bytes], max_bytes: int) -> bytes:
    content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise StructureTooLarge(f"The file has more than {max_bytes} bytes, unpacked.")
    return content
